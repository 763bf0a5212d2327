"""`synthlab up -f`: what it says of a Compose project, with an engine that starts nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from synthlab.cli.main import main
from synthlab.control.backend import Backend
from synthlab.control.state import ClientState
from synthlab.testing import FakeClientApi, FakeEngine

from ...stack.compose_projects import resolved

pytestmark = pytest.mark.issue(13)

WARNING = 'The "ALPHA" variable is not set. Defaulting to a blank string.'
WEB: dict[str, Any] = {
    "image": "nginx",
    "networks": {"default": None},
    "ports": [{"target": 80}],
    "cap_add": ["NET_ADMIN"],
}
OUTSIDE = "people from outside use the published ports of web; their network is not conditioned"
AGENT = {"image": "x", "networks": {"default": None}, "volumes": [{"source": "/var/run/docker.sock", "target": "/s"}]}


class _Engine(FakeEngine):
    def compose_config(self, *arguments: Any, **named: Any) -> Any:
        return resolved({"web": WEB, "agent": AGENT}, [WARNING, WARNING])(*arguments, *named.values())


def test_what_up_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Compose's warnings once, a lost capability, who controls the engine, and who is not conditioned."""
    backend = Backend(_Engine(), lambda container: FakeClientApi(container.network_name))
    assert main(["up", "--impair", "web"], backend) == 0
    output = capsys.readouterr()
    lines = output.err.splitlines()
    assert lines.count(f"compose: {WARNING}") == 1
    for expected in (
        "web loses NET_ADMIN, with which it could change its own conditions",
        "agent: controls the engine, through the socket that is mounted there",
    ):
        assert expected in lines
    assert OUTSIDE in output.out.splitlines()


@pytest.mark.issue(15)
@pytest.mark.parametrize(("rate", "is_asked"), [("300mbit", True), ("10mbit", False)])
def test_a_rate_out_of_reach_of_a_service(
    rate: str, is_asked: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`up` says it of a service as of a client, and does not start the API of one whose rate any machine reaches."""
    engine = _Engine()
    network = {"x-synthlab": {"egress": {"rate": rate}}}
    monkeypatch.setattr(
        engine, "compose_config", lambda *given, **named: resolved({"web": WEB | network})(*given, *named.values())
    )
    asked = []

    class Api(FakeClientApi):
        def state(self) -> ClientState:
            asked.append(self.name)
            return super().state()

    api = Api("web", {"egress": {"rate": rate}})
    api.reach_bps = 170_000_000
    assert main(["up", "--impair", "web"], Backend(engine, lambda container: api)) == 0
    line = "web egress: 300mbit is out of reach: this machine forwards about 170mbit of full-size packets (an estimate)"
    assert (line in capsys.readouterr().err.splitlines()) == is_asked
    assert bool(asked) == is_asked


def test_who_is_not_conditioned(capsys: pytest.CaptureFixture[str]) -> None:
    """`ps` says in the same words as `up` how people from outside take part, also in JSON."""
    backend = Backend(_Engine(), lambda container: FakeClientApi(container.network_name))
    assert main(["up", "--impair", "web"], backend) == 0
    capsys.readouterr()
    assert main(["ps"], backend) == 0
    assert capsys.readouterr().out.splitlines()[-1] == OUTSIDE
    assert main(["ps", "--json"], backend) == 0
    assert {row["client"]: row["outside"] for row in json.loads(capsys.readouterr().out)} == {
        "web-network": None,
        "web": OUTSIDE,
        "agent": None,
    }


def test_the_lab(capsys: pytest.CaptureFixture[str]) -> None:
    """A service and its companion are one row; the other service has no API."""
    backend = Backend(_Engine(), lambda container: FakeClientApi(container.network_name))
    assert main(["up", "--impair", "web", "--lab", "mine", "-p", "acme"], backend) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[:3] for row in rows[1:-1]] == [["web", "web", "healthy"], ["agent", "agent", "healthy"]]
    assert isinstance(backend.engine, FakeEngine)
    assert [one.lab for one in backend.engine.present] == ["mine"] * 3
    assert backend.engine.calls[-1] == "up acme"
