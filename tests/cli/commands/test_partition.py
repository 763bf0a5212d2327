"""`partition`, run in this process on a lab without Docker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from synthlab.control.backend import Backend
from synthlab.control.client_api import ChangeOptions
from synthlab.engine.containers import Container
from synthlab.testing import FakeClientApi, FakeEngine, fake_backend, fake_container
from synthlab.text.durations import SECOND_NS

from .command import output_json, run

pytestmark = pytest.mark.issue(11)

DOWN: dict[str, Any] = {"outage": True}
SFU = replace(fake_container("call", ""), id="call/sfu", group="", role="sfu", app="janus")
TURN = replace(SFU, id="call/turn", client="turn", role="service", app="coturn")
COMPANION = replace(fake_container("call", "sfu-network"), group="", role="network", network_of="sfu")


def with_servers(*servers: Container) -> tuple[Backend, dict[str, FakeClientApi]]:
    """A lab of two clients, a group of two bots, and media servers; the APIs by client."""
    plain, _ = fake_backend("call", groups={"bot-1": "bot", "bot-2": "bot"})
    members = [*servers, *plain.engine.containers()]
    apis = {one.id: FakeClientApi(one.client) for one in members if one.conditioned}
    by_name = {api.name: api for api in apis.values()}
    return Backend(FakeEngine(members), lambda container: apis[container.id]), by_name


def conditions(apis: dict[str, FakeClientApi]) -> dict[str, Any]:
    """The conditions of clients that have any."""
    return {name: api.conditions.to_dict() for name, api in apis.items() if not api.conditions.perfect}


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        (["client1", "client2"], {"client1": {"client2": {"ingress": DOWN, "egress": DOWN}}}),
        (["client1", "client2", "--one-way"], {"client1": {"client2": {"egress": DOWN}}}),
        (["client2", "sfu"], {"client2": {"sfu": {"ingress": DOWN, "egress": DOWN}}}),
        (["sfu", "client2", "--one-way"], {"client2": {"sfu": {"ingress": DOWN}}}),
        (
            ["client1", "bot-2", "--reject"],
            {"client1": {"bot-2": {"ingress": {"reject": "reset"}, "egress": {"reject": "reset"}}}},
        ),
    ],
    ids=" ".join,
)
def test_partition_and_heal(words: list[str], changed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """It changes one end only, shows its conditions, and `--heal` reverts it."""
    backend, apis = with_servers(SFU)
    assert run("partition", *words, "--json", backend=backend) == 0
    expected = {name: {"flows": flows} for name, flows in changed.items()}
    assert conditions(apis) == expected
    assert {name: answer["conditions"] for name, answer in output_json(capsys).items()} == expected
    assert run("partition", *words[:2], "--heal", backend=backend) == 0
    assert conditions(apis) == {}
    assert capsys.readouterr().err == ""


def test_a_server_with_conditions() -> None:
    """Named first, it is the end that changes."""
    backend, apis = with_servers(SFU, COMPANION)
    assert run("partition", "sfu", "client1", backend=backend) == 0
    assert conditions(apis) == {"sfu-network": {"flows": {"client1": {"ingress": DOWN, "egress": DOWN}}}}
    assert run("partition", "client1", "sfu", "--heal", backend=backend) == 0
    assert conditions(apis) == {}


def test_a_lease(capsys: pytest.CaptureFixture[str]) -> None:
    """`--for` ends the partition automatically and prints when; `--heal` ends it earlier, and no other lease."""
    backend, apis = fake_backend("call")
    assert run("partition", "client1", "client2", "--for", "10s", backend=backend) == 0
    assert apis["call/client1"].options == [ChangeOptions(lease_ns=10 * SECOND_NS)]
    assert capsys.readouterr().out.splitlines()[-1].endswith(", in 10.0 s")
    run("set", "client1", "--egress", "--loss", "5%", "--for", "10s", backend=backend)
    assert run("partition", "client1", "client2", "--heal", backend=backend) == 0
    assert apis["call/client1"].conditions.to_dict() == {"egress": {"loss": "5%"}}


def test_heal_ends_it_at_both_ends() -> None:
    """Whichever was named first; the other values of the flows stay."""
    backend, apis = fake_backend("call")
    run("set", "client1", "--flow", "client2", "--egress", "--latency", "80ms", backend=backend)
    run("partition", "client1", "client2", backend=backend)
    run("partition", "client2", "client1", "--one-way", backend=backend)
    assert run("partition", "client2", "client1", "--heal", backend=backend) == 0
    assert apis["call/client1"].conditions.to_dict() == {"flows": {"client2": {"egress": {"latency": "80ms"}}}}
    assert apis["call/client2"].conditions.perfect


def test_nothing_to_heal(capsys: pytest.CaptureFixture[str]) -> None:
    """Not an error, as a lease may just have expired; it is noted, and nothing is changed."""
    backend, apis = fake_backend("call")
    assert run("partition", "client1", "client2", "--heal", backend=backend) == 0
    assert "client1, client2: no partition to heal" in capsys.readouterr().err
    assert [api.requests for api in apis.values()] == [[], []]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["cleint1", "client2"], "no client 'cleint1' in lab 'call'; did you mean client1?"),
        (["client1", "sfuu"], "no client 'sfuu' in lab 'call'; did you mean sfu?"),
        (["client1", "bot"], "'bot' matches several: bot-1, bot-2; name one of them"),
        (["client1", "client1"], "partition: 'client1' is both ends; name two clients, or a client and sfu"),
        (["client1", "client1", "--heal"], "partition: 'client1' is both ends; name two clients, or a client and sfu"),
        (["client1", "client2", "--for", "ten"], "--for: 'ten' is not a time"),
        (
            ["client1", "client2", "--heal", "--one-way", "--for", "9s"],
            "--heal: cannot be combined with --one-way, --for",
        ),
    ],
    ids=" ".join,
)
def test_wrong_use(words: Sequence[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line with the error, status 2, and nothing is changed."""
    backend, apis = with_servers(SFU, TURN)
    assert run("partition", *words, backend=backend) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"synthlab: {expected}")
    assert conditions(apis) == {}
