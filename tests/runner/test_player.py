"""Playing scenarios: steps on time, expectations judged, everything reverted at the end."""

from __future__ import annotations

import asyncio
import http.server
import re
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from synthlab.control.client_api import AT_ONCE, ChangeOptions
from synthlab.control.state import ClientState
from synthlab.scenario.actions import Change
from synthlab.text.durations import SECOND_NS, seconds_of

from .played import FPS, playing

UNANSWERED = "client2: its API does not answer"
CUT = "  - {set: client2, egress: {loss: 100%}, mark: the wire is cut}\n"


def test_a_change_is_a_lease(tmp_path: Path) -> None:
    """A step's change becomes a lease at a time of the client's clock, and is released at the end."""
    done = playing(tmp_path, CUT + "  - wait: 0.3s\n")
    player = done.play()
    assert player.faults == []
    lease = done.apis["client2"].options[-1]
    assert lease.lease_ns == 10 * SECOND_NS
    assert lease.at_ns is not None
    assert done.apis["client2"].conditions.egress.to_dict() == {}
    step = player.log.steps[0]
    assert (step.planned_s, step.clients, step.mark) == (0.0, ("client2",), "the wire is cut")
    assert step.until_s is None
    assert done.marks[0] == "the wire is cut"


def test_what_was_configured(tmp_path: Path) -> None:
    """The record has each client's conditions with the time they took effect."""
    player = playing(tmp_path, "  - wait: 1.2s\n" + CUT + "  - wait: 0.3s\n").play()
    of_client2 = [entry for entry in player.log.configured if entry.client == "client2"]
    assert [entry.conditions.get("egress", {}) for entry in of_client2] == [{}, {"loss": "100%"}]
    assert 0.7 < of_client2[1].at_s < 2.2  # a fake is changed as soon as it is told, 0.4 s before the time


def test_seeds(tmp_path: Path) -> None:
    """Each client gets a seed of its own before the first step, the same for the same scenario."""
    runs = [playing(tmp_path, "  - wait: 0.2s\n") for _ in range(2)]
    for done in runs:
        done.play()
    seeds = [[request["seed"] for api in done.apis.values() for request in api.requests] for done in runs]
    assert seeds[0] == seeds[1]
    assert len(set(seeds[0])) == 4


def test_expectations(tmp_path: Path) -> None:
    """Expectations are decided by samples and reported to the watcher."""
    done = playing(tmp_path, f"  - {{expect: {FPS} >= 10, within: 5s}}\n  - {{recovers: {FPS} >= 10, within: 5s}}\n")
    player = done.play()
    assert [judged.verdict for judged in player.log.judged] == ["passed", "passed"]
    assert [judged.kind for judged in done.seen.rulings] == ["expect", "recovers"]
    assert player.log.judged[0].seen == {FPS: 15.0}
    assert player.recorded.names().count(FPS) == 1


@pytest.mark.issue(17)
def test_a_congestion_control_is_checked_before_the_first_step(tmp_path: Path) -> None:
    """If the sender's kernel cannot be asked, no step is played; without a name there is nothing to ask."""
    for named, played in (("congestion: bbr, ", 0), ("", 1)):
        player = playing(tmp_path, CUT + f"  - {{traffic: client2, {named}for: 2s}}\n").play()
        assert "no traffic from or to client2" in player.faults[0]
        assert sum(step.began_s is not None for step in player.log.steps) == played


def test_a_failure_ends_it(tmp_path: Path) -> None:
    """A failure ends the run after its block; evidence is collected with conditions in force."""
    done = playing(tmp_path, CUT + f"  - expect: {FPS} >= 30\n  - {{expect: {FPS} >= 10}}\n")
    player = done.play()
    assert [judged.verdict for judged in player.log.judged] == ["failed", "inconclusive"]
    assert player.log.judged[1].reason == "the run ended before it was decided"
    assert done.collected == [{"loss": "100%"}]
    assert done.apis["client2"].conditions.egress.to_dict() == {}


def test_keep_going(tmp_path: Path) -> None:
    """With keep_going the run continues; evidence is collected once."""
    done = playing(tmp_path, f"  - expect: {FPS} >= 30\n  - expect: {FPS} >= 40\n", keep_going=True)
    player = done.play()
    assert [judged.verdict for judged in player.log.judged] == ["failed", "failed"]
    assert len(done.collected) == 1


def test_times_within_a_block(tmp_path: Path) -> None:
    """Steps with `at` are timed from the end of the last step without, not from each other."""
    steps = "  - wait: 0.5s\n  - {at: 0.4s, wait: 2s}\n  - {at: 0.9s, mark: here}\n  - wait: 0.1s\n"
    player = playing(tmp_path, steps).play()
    planned = [step.planned_s or 0.0 for step in player.log.steps]
    began = [step.began_s or 0.0 for step in player.log.steps]
    assert planned == pytest.approx([0.0, 0.9, 1.4, 2.9])
    assert began == pytest.approx(planned)
    # Steps that only wait finish 0.4 s early.
    assert player.log.steps[1].ended_s == pytest.approx(2.9)


@pytest.mark.issue(10)
@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("{set: client2, egress: {rate: 1mbit}, for: 0.6s}", "{at: 0.6s, set: client2, egress: {rate: 2mbit}}"),
        ("{at: 0s, set: client2, egress: {rate: 1mbit}, for: 0.6s}", "{at: 0.6s, set: client2, egress: {rate: 2mbit}}"),
        ("{set: client2, egress: {rate: 1mbit}, for: 0.6s}", "{after: 0.6s, set: client2, egress: {rate: 2mbit}}"),
        (
            "{at: 0.3s, set: client2, egress: {rate: 1mbit}, for: 0.6s}",
            "{after: 0.6s, set: client2, egress: {rate: 2mbit}}",
        ),
        (
            "{set: client2, egress: {rate: 1mbit}, for: 0.6s}\n  - {wait: 0.6s}",
            "{set: client2, egress: {rate: 2mbit}}",
        ),
        (
            "{wave: client2, egress: {rate: [1mbit, 3mbit]}, period: 1s, for: 0.6s, every: 200ms}",
            "{at: 0.6s, link: down, on: client2}",
        ),
    ],
)
def test_one_change_follows_another_without_a_gap(
    first: str, then: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that starts when a `for` ends is sent ahead for the same nanosecond, so both happen at once."""
    ends, begins_ns, asked_ns = played_after_one_another(first, then, tmp_path, monkeypatch)
    assert ends == {begins_ns}
    assert asked_ns < begins_ns, "it was told too late"


def played_after_one_another(
    first: str, then: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[set[int], int, int]:
    """The end of the first change, the time requested for the second, and when it was requested."""
    done = playing(folder, f"  - {first}\n  - {then}\n")
    asked: list[int] = []
    api = done.apis["client2"]
    change = api.change

    def noted(request: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        asked.append(done.clock.now_ns())
        return change(request, options)

    monkeypatch.setattr(api, "change", noted)
    assert done.play().faults == []
    *before, last = [
        options for options, request in zip(api.options, api.requests, strict=True) if "seed" not in request
    ]
    ends = {(options.at_ns or 0) + (options.lease_ns or 0) for options in before}
    return ends, last.at_ns or 0, asked[-1]


@pytest.mark.issue(10)
def test_what_swings_is_judged_while_it_does(tmp_path: Path) -> None:
    """A wave finishes when it is in force: following steps with `at` run in parallel with it."""
    steps = (
        "  - {wave: client2, egress: {rate: [1mbit, 3mbit]}, period: 1s, for: 1.5s, every: 200ms}\n"
        f"  - {{at: 0.3s, never: {FPS} < 2, for: 1s}}\n"
    )
    player = playing(tmp_path, steps).play()
    wave, never = player.log.steps
    assert (never.planned_s or 0.0) - (wave.began_s or 0.0) == pytest.approx(0.3, abs=1e-3)
    assert player.log.judged[0].verdict == "passed"
    # The wave continues: its last change applies, and the run lasts until it is over.
    assert wave.until_s == pytest.approx((wave.began_s or 0.0) + 1.5, abs=0.5)
    assert seconds_of(player.ended_ns) >= (wave.until_s or 0.0)


@pytest.mark.issue(10)
@pytest.mark.parametrize(
    "steps",
    ["  - {set: client2, egress: {loss: 1%}, for: 0.7s}\n", "  - parallel: [[{link: down, on: client2, for: 0.7s}]]\n"],
)
def test_the_last_for_is_played_out(steps: str, tmp_path: Path) -> None:
    """Timed changes of the last steps stay in force for their full time."""
    player = playing(tmp_path, steps).play()
    until_s = player.log.steps[-1].until_s or 0.0
    assert until_s >= 0.7
    assert seconds_of(player.ended_ns) >= until_s


@pytest.mark.issue(10)
def test_a_reset_ends_what_goes_on(tmp_path: Path) -> None:
    """A reset stops a wave, and the run does not wait for it."""
    steps = (
        "  - {wave: [client1, client2], egress: {rate: [1mbit, 3mbit]}, period: 2s, for: 60s, every: 100ms}\n"
        "  - {at: 0.6s, reset: all}\n  - {at: 0.9s, mark: later}\n"
    )
    done = playing(tmp_path, steps)
    assert done.play().faults == []
    assert done.player.ended_ns < 10 * SECOND_NS
    for name in ("client1", "client2"):
        assert done.apis[name].requests[-1].keys() == {"seed"}, "something was changed after the reset"


@pytest.mark.issue(10)
def test_changes_of_the_same_time_are_reported_in_their_order(tmp_path: Path) -> None:
    """Of ten changes at one instant, the last in the file is sent last and goes on top."""
    steps = "".join(f"  - {{at: 0.3s, set: client2, egress: {{loss: {number}%}}}}\n" for number in range(1, 11))
    done = playing(tmp_path, steps)
    assert done.play().faults == []
    values = [request["egress"]["loss"] for request in done.apis["client2"].requests if "egress" in request]
    assert values == [f"{number}%" for number in range(1, 11)]


def test_parallel_tracks(tmp_path: Path) -> None:
    """Tracks begin together, and the step is done when all of them are."""
    steps = """\
  - parallel:
      left: [{wait: 0.5s}, {set: client1, egress: {loss: 1%}}]
      right: [{set: client2, egress: {loss: 2%}}, {wait: 1s}]
  - wait: 0.1s
"""
    player = playing(tmp_path, steps).play()
    begun = {step.text: step.planned_s or 0.0 for step in player.log.steps}
    right = begun["set client2: egress loss 2%"]
    assert right == pytest.approx(0.0)
    assert begun["set client1: egress loss 1%"] == pytest.approx(0.5)
    assert list(begun.values())[-1] == pytest.approx(1.0)  # one after the other they would take 1.6 s


def test_a_lab_that_fails(tmp_path: Path) -> None:
    """A client that cannot be changed is a fault of the lab, reported with the step, and ends the run."""
    done = playing(tmp_path, "  - wait: 0.5s\n" + CUT + "  - wait: 5s\n")
    done.seen.at_step[1] = lambda: setattr(done.apis["client2"], "broken", True)
    (fault,) = done.play().faults
    assert fault.endswith(f"set client2: egress loss 100%: cannot be played: {UNANSWERED}")
    assert "s.yaml:4: " in fault
    assert done.player.ended_ns < SECOND_NS


def test_a_lab_that_fails_at_once(tmp_path: Path) -> None:
    """So does a client that cannot be prepared."""
    done = playing(tmp_path, "  - wait: 5s\n")
    done.apis["client2"].broken = True
    assert done.play().faults == [UNANSWERED]


SLOW = "this machine is too slow or too busy"


@pytest.mark.parametrize("step", ["set: client2, egress: {loss: 100%}", "reset: client2"])
def test_a_change_that_comes_too_late(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the machine could not make a change in time, the reason says so, and which change it was."""
    done = playing(tmp_path, f"  - wait: 5s\n  - {{{step}}}\n  - wait: 1s\n")
    api = done.apis["client2"]

    def stalled(ask: Any) -> Any:
        def asked(*arguments: Any) -> ClientState:
            if done.clock.now_ns() > 5 * SECOND_NS:
                done.clock.sleep(6.8)
            answer: ClientState = ask(*arguments)
            return answer

        return asked

    monkeypatch.setattr(api, "change", stalled(api.change))
    monkeypatch.setattr(api, "reset", stalled(api.reset))
    (fault,) = done.play().faults
    assert fault.endswith(f": cannot be played: client2: the change due at 5.0 s was 6.4 s late: {SLOW}")
    assert done.player.log.steps[1].error == fault.partition("cannot be played: ")[2]


def test_a_lease_that_is_renewed_too_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease that expired because the machine was too slow to renew it is reported as that."""
    done = playing(tmp_path, CUT + "  - wait: 30s\n")
    api = done.apis["client2"]
    renew = api.renew

    def late(id: int, lease_ns: int) -> None:
        done.clock.sleep(12.0)
        api.entries.clear()
        renew(id, lease_ns)

    monkeypatch.setattr(api, "renew", late)
    (fault,) = done.play().faults
    assert re.fullmatch(rf"client2: the renewal of its conditions was \d+\.\d s late: {SLOW}", fault)


def test_a_lease_that_somebody_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease that is gone before its end is not blamed on the machine."""
    done = playing(tmp_path, CUT + "  - wait: 30s\n")
    api = done.apis["client2"]
    renew = api.renew

    def gone(id: int, lease_ns: int) -> None:
        api.entries.clear()
        renew(id, lease_ns)

    monkeypatch.setattr(api, "renew", gone)
    (fault,) = done.play().faults
    assert fault.startswith("client2: no lease or scheduled change ")


def test_interrupted(tmp_path: Path) -> None:
    """Cancelling a run reverts the conditions immediately."""
    done = playing(tmp_path, CUT + "  - wait: 60s\n")

    async def interrupt() -> float:
        task = asyncio.create_task(done.player.play())
        await done.clock.pause(10.0)
        assert done.apis["client2"].conditions.egress.to_dict() == {"loss": "100%"}
        task.cancel()
        begin_s = done.clock.now_s()
        with pytest.raises(asyncio.CancelledError):
            await task
        return done.clock.now_s() - begin_s

    assert done.clock.run(interrupt()) == 0.0
    assert done.apis["client2"].conditions.egress.to_dict() == {}


def test_containers(tmp_path: Path) -> None:
    """Paused and stopped containers are resumed at the end if no step did."""
    done = playing(tmp_path, "  - pause: client1\n  - stop: bot\n  - start: bot-1\n  - wait: 0.1s\n")
    assert done.play().faults == []
    doings = done.engine.controlled
    assert sorted(doings[:3]) == [("pause", "client1"), ("stop", "bot-1"), ("stop", "bot-2")]
    assert doings[3] == ("start", "bot-1")
    assert sorted(doings[4:]) == [("start", "bot-2"), ("unpause", "client1")]


def test_a_client_that_comes_back_has_its_conditions(tmp_path: Path) -> None:
    """A restarted container has lost its leases: changes in force are requested again."""
    done = playing(tmp_path, CUT + "  - restart: client2\n  - wait: 0.2s\n")
    assert done.play().faults == []
    requests = [request for request in done.apis["client2"].requests if "egress" in request]
    assert requests == [{"egress": {"loss": "100%"}}] * 2


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("exec: 'echo no; exit 3', in: host", "ended with status 3: no"),
        ("exec: sleep 5, in: host, within: 0.1s", "did not end within 0.1s"),
        ("exec: [no-such-command], in: host", "no-such-command cannot be run: No such file or directory"),
        ("http: 'http://127.0.0.1:PORT/'", "answered 501, not 200: no"),
        ("http: 'http://127.0.0.1:1/'", "no answer: [Errno 111] Connection refused"),
    ],
)
def test_what_ends_badly(step: str, why: str, tmp_path: Path, port: int) -> None:
    """A command or request with an unexpected result fails the scenario."""
    step = step.replace("'echo no; exit 3'", "[sh, -c, 'echo no; exit 3']").replace("sleep 5", "[sleep, '5']")
    done = playing(tmp_path, f"  - {{{step.replace('PORT', str(port))}}}\n")
    (failure,) = done.play().failures
    assert failure.endswith(why)
    assert done.player.log.steps[0].error == why


@pytest.mark.parametrize("step", ["exec: ['true'], in: host", "{http: 'http://127.0.0.1:PORT/', status: 501}"])
def test_what_ends_well(step: str, tmp_path: Path, port: int) -> None:
    """An expected result does not."""
    done = playing(tmp_path, f"  - {{{step.strip('{}').replace('PORT', str(port))}}}\n").play()
    assert (done.failures, done.faults) == ([], [])


@pytest.fixture
def port() -> Iterator[int]:
    """URL of a server that answers 501 to every request."""

    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(501)
            self.end_headers()
            self.wfile.write(b"no\n")

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.issue(13)
def test_a_client_that_ends_paused_keeps_no_lease(tmp_path: Path) -> None:
    """It is resumed before the leases are released, its seed's too: the next run need not wait for their end."""
    done = playing(tmp_path, CUT + "  - pause: client2\n  - wait: 0.2s\n")
    done.play()
    assert done.engine.controlled[-1] == ("unpause", "client2")
    assert done.apis["client2"].state().leases == ()


@pytest.mark.issue(15)
def test_states_are_played_as_planned(tmp_path: Path) -> None:
    """The record has the values of each stay in the order of the walk; in the end everything is as before."""
    steps = "  - states: client2\n    walk: {good: {mean: 3s}, bad: {mean: 3s, egress: {loss: 5%}}}\n    for: 20s\n"
    done = playing(tmp_path, steps)
    player = done.play()
    (visit,) = player.plan.visits()
    planned = [timed.action.change for timed in visit.run.actions if isinstance(timed.action, Change)]
    assert len(planned) > 3
    entries = [entry for entry in player.log.configured if entry.client == "client2"]
    assert [entry.conditions.get("egress", {}) for entry in entries][: len(planned)] == [
        change.get("egress", {}) for change in planned
    ]
    assert done.apis["client2"].conditions.egress.to_dict() == {}
    stays = player.log.steps[0].stays
    assert [name for _, name in stays[:3]] == ["good", "bad", "good"]
    assert [at_s for at_s, _ in stays][: len(planned)] == [seconds_of(timed.at_ns) for timed in visit.run.actions]
