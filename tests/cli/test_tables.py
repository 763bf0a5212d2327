"""Tables that show a lab."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from synthlab.cli import tables
from synthlab.cli.console import Bad, print_table
from synthlab.cli.counters import counters_table, forwarders_table
from synthlab.cli.tables import (
    achieved_table,
    conditions_table,
    containers_table,
    moments,
    notes,
    schedule_table,
    stats_table,
)
from synthlab.control.container_lookup import cut_off
from synthlab.control.group_change import GroupChange
from synthlab.control.state import ClientState, LinkState, ScheduleEntry
from synthlab.control.webrtc_stats import Stats
from synthlab.engine.containers import Container
from synthlab.testing import FakeClientApi, fake_companion, fake_container

ACHIEVED = {"rate_bps": 998_400.0, "loss": 0.0493, "delay_p50_ms": 80.04, "delay_p99_ms": 99.96, "packets": 1234}
LINK = LinkState(
    packets_in=10,
    packets_out=7,
    bytes_out=700,
    dropped={"loss": 3, "queue": 0, "kernel": 2},
    dropped_bytes={"loss": 180},
    queued=1,
    bypassed=2,
    achieved=ACHIEVED,
)


def state(conditions: dict[str, object]) -> ClientState:
    api = FakeClientApi("client2")
    return replace(api.replace(conditions), links={"ingress": replace(LINK, dropped={}, achieved={}), "egress": LINK})


def test_conditions() -> None:
    """Configured values are shown next to measured ones, or alone; missing measurements are left out."""
    answers = {"client2": state({"egress": {"rate": "1mbit", "loss": "5%"}})}
    assert conditions_table(answers).rows == [
        ("client2", "ingress", "perfect"),
        ("client2", "egress", "rate 1mbit (queue of 200ms), loss 5%"),
    ]
    assert achieved_table(answers).rows == [
        ("client2", "ingress", "perfect", "no traffic"),
        (
            "client2",
            "egress",
            "rate 1mbit (queue of 200ms), loss 5%",
            "998kbit/s loss 4.93% delay 80.0ms (p99 100.0ms) 1234 packets",
        ),
    ]


def test_the_wait_in_a_queue() -> None:
    """The wait that was measured in a queue follows the delay of the whole link; its length is among the conditions."""
    waits = {"delay_p50_ms": 240.0, "queue_delay_p50_ms": 160.04, "queue_delay_p95_ms": 199.96, "packets": 9}
    queued = replace(state({"egress": {"rate": "1mbit"}}), links={"egress": replace(LINK, dropped={}, achieved=waits)})
    shown = achieved_table({"client2": queued}).rows[1]
    assert shown[2:] == ("rate 1mbit (queue of 200ms)", "delay 240.0ms in the queue 160.0ms (p95 200.0ms) 9 packets")


def test_conditions_of_flows() -> None:
    """A flow shows its own values, or that it is the same as the link."""
    shown = achieved_table({"client2": state({"flows": {"*:udp": {"egress": {"loss": "100%"}}}})})
    assert shown.rows[2:] == [
        ("client2", "ingress *:udp", "same as the link", "no traffic"),
        ("client2", "egress *:udp", "loss 100%", "no traffic"),
    ]


def test_what_is_muted() -> None:
    """A muted flow or link is marked; flows over a muted link have their own values only."""
    egress = {"rate": "100kbit", "latency": "9ms", "jitter": "1ms"}
    flows = {"*:udp": {"muted": True, "egress": {"loss": "5%"}}, "*:tcp": {"egress": {"queue": "1s", "rate": "1mbit"}}}
    answers = {"client2": state({"egress": egress, "muted": True, "flows": flows})}
    assert [row[1:] for row in conditions_table(answers).rows] == [
        ("ingress", "perfect"),
        ("egress", "muted: rate 100kbit (queue of 1211ms), latency 9ms, jitter 1ms"),
        ("ingress *:udp", "muted"),
        ("egress *:udp", "muted: loss 5%"),
        ("ingress *:tcp", "same as the link"),
        ("egress *:tcp", "rate 1mbit, queue 1s"),
    ]
    assert list(notes(answers)) == []


@pytest.mark.issue(10)
@pytest.mark.parametrize(
    ("egress", "expected"),
    [
        ({"rate": "100kbit"}, "rate 100kbit (queue of 1211ms)"),
        ({"rate": "10mbit"}, "rate 10mbit (queue of 200ms)"),
        ({"rate": "100kbit", "queue": "300ms"}, "rate 100kbit, queue 300ms"),
        ({"rate": "1mbit", "queue": "64kb"}, "rate 1mbit (queue of 512ms), queue 64kb"),
        ({"rate": "1mbit", "aqm": "fq_codel"}, "rate 1mbit, aqm fq_codel"),
        ({"rate": "1mbit", "aqm": "pie", "queue": "1p"}, "rate 1mbit (queue of 12ms), queue 1p, aqm pie"),
        ({"rate": "1mbit", "queue": "100p"}, "rate 1mbit (queue of 1211ms), queue 100p"),
        ({"rate": "unlimited"}, "rate unlimited"),
        (
            {"queue": "1s", "loss_burst": "4p"},
            "queue 1s (no effect without rate or rate_trace), loss_burst 4p (no effect without loss)",
        ),
    ],
)
def test_the_queue_in_force_and_what_has_no_effect(egress: dict[str, str], expected: str) -> None:
    """A rate shows its queue in ms; a value that has lost the one it requires is marked."""
    assert conditions_table({"client2": state({"egress": egress})}).rows[1] == ("client2", "egress", expected)


@pytest.mark.issue(10)
def test_the_queue_of_a_flow_with_a_rate_of_its_own() -> None:
    """Without its own queue, a flow shows the link's."""
    requested = {"egress": {"rate": "9mbit", "queue": "1s"}, "flows": {"*:udp": {"egress": {"rate": "1mbit"}}}}
    shown = conditions_table({"client2": state(requested)})
    assert shown.rows[3] == ("client2", "egress *:udp", "rate 1mbit (queue of 1000ms)")


@pytest.mark.issue(10)
def test_kept_order_is_reported() -> None:
    """If jitter preserves order, a note says that the mean delay is above the latency; not with reordering."""
    jittery = {"latency": "200ms", "jitter": "50ms"}
    answers = {"client2": state({"egress": jittery, "ingress": {**jittery, "reordering": True}})}
    answers["client3"] = state({"egress": jittery})
    (line,) = [line for line in notes(answers) if "keep their order" in line]
    assert line.startswith("client2 egress, client3 egress: packets keep their order, so the mean delay is above 200ms")
    assert not list(notes({"client2": state({"egress": {"latency": "200ms"}})}))


def entry(**times: float) -> ScheduleEntry:
    change = {"egress": {"loss": "5%", "latency": None}, "flows": {"*:udp": {"ingress": None}, "*:tcp": None}}
    values: dict[str, Any] = {"in_ns": None, "left_ns": None, "late_ns": 0} | times
    return ScheduleEntry(id=3, change=change, replace=False, **values)


def test_agenda() -> None:
    """Leases show their remaining time, scheduled changes their start and duration."""
    waiting = replace(entry(in_ns=5 * 10**9, left_ns=20 * 10**9), id=4, replace=True, change={"seed": 7})
    result = replace(state({}), leases=(entry(left_ns=9_260_000_000),), scheduled=(waiting, entry(in_ns=10**9)))
    what = "egress loss 5%, latency none; *:udp ingress none; *:tcp removed"
    assert schedule_table({"client2": result}).rows == [
        ("client2", "lease 3", what, "reverts in 9.3 s"),
        ("client2", "scheduled 4", "replace all with; seed 7", "in 5.0 s, ends in 20.0 s"),
        ("client2", "scheduled 3", what, "in 1.0 s"),
    ]


def test_agenda_of_order_and_mute() -> None:
    """A lease that mutes or orders flows says so."""
    change = {"muted": True, "flows": {"*:udp": {"muted": None}}, "order": ["*:udp", "*:tcp"]}
    result = replace(state({}), leases=(replace(entry(), change=change),))
    what = "muted true; order *:udp, *:tcp; *:udp muted none"
    assert schedule_table({"client2": result}).rows == [("client2", "lease 3", what, "")]


def test_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    """When a change is in force: how far apart the clients changed, when it begins, and when it ends."""
    monkeypatch.setattr(tables, "_wall", lambda seconds: f"12:00:{seconds:02.0f}")
    plain, leased = state({}), replace(state({}), entry=entry(left_ns=10 * 10**9))
    waiting = replace(state({}), entry=entry(in_ns=5 * 10**9))
    assert list(moments(GroupChange({"a": plain}), 0)) == []
    assert list(moments(GroupChange({"a": plain, "b": plain}, 0), 0)) == ["a, b: in force at the same time"]
    assert list(moments(GroupChange({"a": plain, "b": plain}, 3_140_000), 0)) == [
        "a, b: in force within 3.1 ms of each other"
    ]
    assert list(moments(GroupChange({"a": leased}), 1)) == ["a: reverts automatically at 12:00:11, in 10.0 s"]
    assert list(moments(GroupChange({"a": waiting}), 1)) == ["a: in force at 12:00:06, in 5.0 s"]


@pytest.mark.issue(10)
def test_what_gives_no_answer() -> None:
    """A healthy client whose API does not answer is shown as such."""
    container = fake_container("call", "client2")
    states = [containers_table([container], result, now=0).rows[0][2] for result in ({}, {container.id: 0})]
    assert states == ["no answer", "healthy"]


def test_stats() -> None:
    """Each received participant has one row per kind of media."""
    stats = Stats(video={"client2": {"kbps": 201.5, "fps": 15.0}}, audio={"client2": {"kbps": 30.0}}, sent={})
    assert stats_table({"client1": stats}).rows == [
        ("client1", "video", "client2", "201.5 kbit/s, 15 fps"),
        ("client1", "audio", "client2", "30 kbit/s"),
    ]


def test_less_than_nothing_lost() -> None:
    """Duplicates can make RTP's count of lost packets negative; it is shown as 0."""
    stats = Stats(video={"client2": {"kbps": 201.5, "lost": -1}}, audio={"client2": {"lost": 2}}, sent={})
    assert [row[-1] for row in stats_table({"bot-1": stats}).rows] == ["201.5 kbit/s, lost 0", "lost 2"]


def test_containers() -> None:
    """A container is shown with its addresses; unknown values are a dash, and columns of dashes are omitted."""
    running = replace(fake_container("call", "client1"), ports={80: 3000, 5901: 5901})
    ended = replace(fake_container("call", "client2", index=2), state="exited", health="", ports={}, expires=90)
    table = containers_table([running, ended], {running.id: 2}, now=100.0)
    assert table.rows == [
        ("client1", "bot", "healthy", "http://127.0.0.1:3000", "127.0.0.1:5901", "-", "2"),
        ("client2", "bot", "exited", "-", "-", "expired", "-"),
    ]
    assert [cell for row in table.rows for cell in row if isinstance(cell, Bad)] == ["2", "exited"]
    other = fake_container("other", "client1")
    short = containers_table([fake_container("call", "client1"), other], {}, now=100.0)
    assert short.columns == ("lab", "name", "app", "state", "API")


@pytest.mark.issue(10)
def test_ps_and_stats_fit_80_columns(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On 80 columns no cell of `ps` and `stats` is truncated or wrapped, for a lab with a call and flows."""
    for name, value in (("FORCE_COLOR", "1"), ("NO_COLOR", "1"), ("TERM", "xterm"), ("COLUMNS", "80")):
        monkeypatch.setenv(name, value)
    link = replace(LINK, packets_in=120_345, packets_out=118_002, bytes_out=81_234_567, dropped={"loss": 6093})
    late = {"ingress": {"p50_ms": 0.061, "p99_ms": 42.977, "max_ms": 142.977}}
    shown = replace(state({}), links={"ingress": link, "egress": link}, lateness=late)
    shown = replace(shown, flows={"default": {"egress": link}, "*:udp": {"egress": link}})
    container = replace(fake_container("call", "client1"), ports={80: 32803, 5901: 32804})
    stats = Stats(video={"client2": {"kbps": 1201.5, "fps": 15.0, "lost": 0.0}}, audio={}, sent={})
    for table in (
        containers_table([container], {container.id: 0}, now=0),
        counters_table({"client1": shown}),
        forwarders_table({"client1": shown}),
        stats_table({"client1": stats}),
    ):
        print_table(table)
        lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
        assert max(map(len, lines)) <= 80
        body = "\n".join(lines).partition("─\n")[2].splitlines()
        assert len(body) == len(table.rows), lines
        assert "…" not in "".join(lines)


@pytest.mark.issue(13)
def test_a_service_and_its_companion() -> None:
    """They are one row, with the companion's API; it says what is cut off, done, or no longer impaired."""
    holder = fake_companion("call", "web")
    service = replace(fake_container("call", "web"), id="web", role="service", app="nginx", ports={}, health="")
    other = replace(service, id="db", client="db", state="exited", status="Exited (0) 2 seconds ago")

    def rows(*containers: Container, started: float = 0.0) -> list[tuple[str, ...]]:
        lost = cut_off(containers, lambda one: {"web": 1.0, holder.id: started}[one.id])
        return [tuple(row) for row in containers_table(containers, {holder.id: 0}, 0, lost).rows]

    api = "http://127.0.0.1:2900"
    assert rows(service, holder, other) == [("web", "nginx", "running", api), ("db", "nginx", "done", "-")]
    assert rows(service, replace(holder, state="exited")) == [("web", "nginx", "cut off", "-")]
    assert rows(service, holder, started=2.0) == [("web", "nginx", "cut off", api)]
    assert rows(holder) == [("web", "syntheticnet", "not impaired", api)]
    assert rows(replace(other, status="Exited (1) 2 seconds ago")) == [("db", "nginx", "exited", "-")]


@pytest.mark.issue(13)
def test_latencies_that_add_up() -> None:
    """A path on which both ends have a latency has their sum; the paths of one service's networks are none."""
    slow = FakeClientApi("a").replace({"egress": {"latency": "50ms"}, "ingress": {"latency": "30ms"}})
    fast = FakeClientApi("b").replace({})
    assert list(notes({"a": slow, "b": fast})) == []
    assert list(notes({"a@front": slow, "a@back": slow})) == []
    assert list(notes({"a": slow, "b": slow})) == ["latencies of both ends add up: a to b 80 ms, b to a 80 ms"]
    (line,) = notes({"a": slow, "b": slow, "c": slow})
    assert line.endswith("a to b 80 ms, a to c 80 ms, b to a 80 ms, and 3 more")
