"""The table of `top`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from synthlab.cli.console import print_table
from synthlab.cli.top_table import Seen, cpu, received, sample, top_json, top_table
from synthlab.control.group_change import LabClient
from synthlab.control.state import ClientState, LinkState
from synthlab.control.webrtc_stats import Stats
from synthlab.testing import FakeClientApi

ACHIEVED = {"rate_bps": 998_400.0, "loss": 0.0493, "delay_p50_ms": 80.04, "packets": 1234}
ONE = LinkState(dropped={}, achieved=ACHIEVED)
STATS = Stats(video={"a": {"kbps": 200.0, "fps": 15.0}, "b": {"kbps": 100.0, "fps": 7.0}}, audio={}, sent={})


def state(conditions: dict[str, Any] | None = None, **forwarder: float) -> ClientState:
    result = FakeClientApi("client1").replace(conditions or {})
    links = {"ingress": LinkState(dropped={}, achieved={}), "egress": LinkState(dropped={}, achieved=ACHIEVED)}
    answer = {**result.answer, "forwarder": {**result.answer["forwarder"], **forwarder}}
    return replace(result, links=links, answer=answer)


def test_achieved_beside_configured() -> None:
    """Each link has a row, which also shows missing conditions and measurements."""
    requested = {"egress": {"rate": "1mbit", "latency": "80ms", "jitter": "20ms", "outage": True}}
    rows = top_table({"client1": Seen(state=state(requested), stats=STATS)}, {}).rows
    assert rows == [
        ("client1", "ingress", "-", "-", "-", "-", "2 videos, 7+ fps"),
        ("", "egress", "998 kbit/s of 1mbit", "80.0 ms of 80ms jitter 20ms", "4.93% of outage", "", "300 kbit/s"),
    ]


def test_cpu() -> None:
    """CPU time is the difference of two samples of the same forwarder."""
    before, now = (Seen(state=state(up_s=up_s, cpu_s=cpu_s)) for up_s, cpu_s in ((1.0, 0.5), (3.0, 0.6)))
    assert cpu(before, now) is not None
    assert round(cpu(before, now) or 0, 6) == 0.05
    assert top_table({"a": now}, {"a": before}).rows[0][5] == "5%"
    assert cpu(None, now) is None
    assert cpu(before, Seen(state=state(up_s=1.0, cpu_s=0.1, restarts=1))) is None
    assert cpu(before, Seen(state=state())) is None


def test_received() -> None:
    """A client that receives nothing shows nothing."""
    assert received(None) == received(Stats(video={}, audio={}, sent={})) == ("-", "")
    assert received(Stats(video={"a": {"kbps": 80.4}}, audio={}, sent={})) == ("1 video", "80 kbit/s")
    assert received(Stats(video={"a": {"fps": 15}}, audio={}, sent={})) == ("1 video, 15 fps", "0 kbit/s")


def test_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On 80 columns a link without conditions takes one line, and received video never wraps."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    requested = {
        "ingress": {"rate": "1.5mbit", "latency": "80ms", "jitter": "20ms"},
        "egress": {"rate": "1mbit", "loss": "5%"},
    }
    plain, conditioned = (replace(one, links=dict.fromkeys(one.links, ONE)) for one in (state(), state(requested)))
    seen = {name: Seen(state=one, stats=STATS) for name, one in (("client1", plain), ("client2", conditioned))}
    print_table(top_table(seen, {}))
    lines = [line for line in re.sub(r"\x1b\[\d+m", "", capsys.readouterr().out).splitlines() if line.strip()]
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines[2:5]] == ["client1", "egress", "client2"]
    shown = ["2 videos, 7+ fps", "300 kbit/s", "2 videos, 7+ fps"]
    assert all(line.rstrip().endswith(text) for line, text in zip(lines[2:5], shown, strict=True))


def test_one_that_does_not_answer() -> None:
    """It has a row with the error, and does not affect the others."""

    class Gone(FakeClientApi):
        def state(self) -> ClientState:
            from synthlab.errors import SynthlabError

            raise SynthlabError("client2: its API does not answer")

    seen = sample([LabClient(name, name, api(name)) for name, api in (("client1", FakeClientApi), ("client2", Gone))])
    assert top_table(seen, {}).rows[-1] == ("client2", "-", "client2: its API does not answer")
    result = top_json(seen, {}, time=5.0)
    assert result["time"] == 5.0
    assert result["clients"]["client1"]["forwarder_cpu"] is None
    assert result["clients"]["client2"] == {"error": "client2: its API does not answer"}
