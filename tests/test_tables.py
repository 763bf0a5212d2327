"""What is shown of a lab."""

from __future__ import annotations

from dataclasses import replace

from synthlab.fakes import FakeClientApi, fake_container
from synthlab.numbers import Numbers
from synthlab.state import ClientState, LinkState
from synthlab.tables import conditions_table, containers_table, counters_table, numbers_table

ACHIEVED = {"rate_bps": 998_400.0, "loss": 0.0493, "delay_p50_ms": 80.04, "delay_p99_ms": 99.96, "packets": 1234}
LINK = LinkState(
    packets_in=10, packets_out=7, bytes_out=700, dropped={"loss": 3, "queue": 0}, held=1, achieved=ACHIEVED
)


def state(conditions: dict[str, object]) -> ClientState:
    api = FakeClientApi("client2")
    return replace(api.replace(conditions), links={"ingress": replace(LINK, achieved={}), "egress": LINK})


def test_conditions() -> None:
    """Configured stands beside achieved, for links and flows; what was not measured is not made up."""
    shown = conditions_table({"client2": state({"egress": {"rate": "1mbit", "loss": "5%"}})})
    assert shown.rows == [
        ("client2", "ingress", "perfect", "no traffic"),
        ("client2", "egress", "rate 1mbit, loss 5%", "998kbit/s loss 4.93% delay 80.0ms (p99 100.0ms) 1234 packets"),
    ]


def test_conditions_of_flows() -> None:
    """A flow says what it changes, and that the rest is the link's."""
    shown = conditions_table({"client2": state({"flows": {"*:udp": {"egress": {"loss": "100%"}}}})})
    assert shown.rows[2:] == [
        ("client2", "ingress *:udp", "as the link", "no traffic"),
        ("client2", "egress *:udp", "loss 100%", "no traffic"),
    ]


def test_counters() -> None:
    """Counters come for each link and flow, drops with their causes."""
    rows = counters_table({"client2": state({})}).rows
    assert rows[1] == ("client2", "egress", "10", "7", "700", "loss 3", "1", "0", "0")
    assert [row[1] for row in rows] == ["ingress", "egress", "ingress default", "egress default"]


def test_numbers() -> None:
    """Each participant that is received has a row of its numbers for each kind."""
    numbers = Numbers(video={"client2": {"kbps": 201.5, "fps": 15.0}}, audio={"client2": {"kbps": 30.0}}, sent={})
    assert numbers_table({"client1": numbers}).rows == [
        ("client1", "video", "client2", "kbps 201.5, fps 15"),
        ("client1", "audio", "client2", "kbps 30"),
    ]


def test_containers() -> None:
    """A container is shown with its addresses; what is not known is a dash."""
    running = replace(fake_container("call", "client1"), ports={80: 3000, 5901: 5901})
    ended = replace(fake_container("call", "client2", index=2), state="exited", health="", ports={})
    assert containers_table([running, ended], {running.id: 2}).rows == [
        ("call", "client1", "bot", "healthy", "2", "http://127.0.0.1:3000", "127.0.0.1:5901"),
        ("call", "client2", "bot", "exited", "-", "-", "-"),
    ]
