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


@pytest.mark.issue(13)
def test_probes_and_metrics(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A service without conditions has a table of its probes, and by name one of its metrics; JSON has both."""
    monkeypatch.setattr("synthlab.engine.guest.fetch.fetch", lambda url, seconds: "files 7\n")
    urls = {"db": "http://db.example/metrics"}
    client = replace(fake_container("call", "client1"), probes=("web.http", "db.tcp"), metrics=urls)
    api = FakeClientApi("client1")
    http = {"ms": 5, "p50_ms": 6.25, "p95_ms": 7, "requests": 9, "errors": 1, "skipped": 0, "status": 200}
    api.answered_stats = {"values": {}, "age_s": {}, "probes": {"web": {"http": {"values": http, "age_s": 0.1}}}}
    backend = Backend(FakeEngine([client]), lambda _: api)
    assert run("stats", backend=backend) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["web", "http", "client1", "5.0", "ms", "6.2", "ms", "7.0", "ms", "9", "1", "200"] in lines
    assert ["db", "tcp", "client1", "-", "-", "-", "-", "-", "no", "data"] in lines
    assert run("stats", "db", backend=backend) == 0
    output = capsys.readouterr().out
    assert "metrics of db" in output
    assert "web" not in output
    assert run("stats", "--json", "db", backend=backend) == 0
    assert output_json(capsys) == {
        "db": {
            "tcp": {"from": "client1", "values": None, "error": None},
            "metrics": {"values": {"files": 7}, "error": None},
        }
    }
    assert run("stats", "dc", backend=backend) == 2
    assert "no client 'dc'" in capsys.readouterr().err
