"""`stats` and `top`, run in this process on a lab without Docker."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from synthlab.control.backend import Backend
from synthlab.testing import FakeClientApi, FakeEngine, fake_backend, fake_container

from .command import output_json, run


def test_stats(capsys: pytest.CaptureFixture[str]) -> None:
    """`stats` shows counters of every link and flow, and the stats of every participant."""
    backend, apis = fake_backend("call")
    apis["call/client1"].answered_stats = {
        "values": {"video": {"client2": {"fps": 15.0, "lost": 0}}},
        "age_s": {"video": 0.2},
    }
    assert run("stats", "client1", backend=backend) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["client1", "egress", "0", "0", "0", "B", "-"] in lines
    assert lines[-1] == ["client1", "video", "client2", "15", "fps,", "lost", "0"]
    assert run("stats", "--json", backend=backend) == 0
    assert output_json(capsys)["client1"]["webrtc"]["video"] == {"client2": {"fps": 15.0, "lost": 0}}


@pytest.mark.parametrize("command", ["stats sfu", "show sfu", "set sfu --loss 5%", "reset sfu", "top sfu --count 1"])
def test_a_server_without_conditions(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The error says what the stack lacks, rather than that the server is unknown."""
    client = fake_container("call", "client1")
    backend = Backend(FakeEngine([client, replace(client, id="sfu", client="", group="", role="sfu")]), lambda _: api)
    api = FakeClientApi("client1")
    assert run(*command.split(), backend=backend) == 2
    output = capsys.readouterr().err
    assert output.startswith(
        "synthlab: sfu has no conditions and no counters in lab 'call': add `network: {}` under `sfu`"
    )


def test_top(capsys: pytest.CaptureFixture[str]) -> None:
    """`top` prints a table or a line of JSON per sample."""
    backend, _ = fake_backend("call")
    assert run("top", "--count", "2", "--interval", "0.1", backend=backend) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == ["client", "client1", "egress", "client2", "egress"] * 2
    assert run("top", "client2", "--count", "2", "--interval", "0.1", "--json", backend=backend) == 0
    samples = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [list(one["clients"]) for one in samples] == [["client2"]] * 2
