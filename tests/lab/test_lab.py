"""A running lab: selecting clients, and changing several at once."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from synthlab.cli.main import main
from synthlab.contract import ContainerAction
from synthlab.control.backend import Backend, choose_lab
from synthlab.control.client_api import ChangeOptions
from synthlab.control.group_change import LEAD_NS
from synthlab.engine.containers import Container
from synthlab.errors import SynthlabError, WrongUse
from synthlab.lab.lab import Lab
from synthlab.pytest_plugin.labs import Labs
from synthlab.pytest_plugin.run import PytestRun
from synthlab.stack import read_stack
from synthlab.testing import FakeClientApi, FakeClock, FakeEngine, fake_backend
from synthlab.text.durations import SECOND_NS

GROUPS = {"bot-1": "bot", "bot-2": "bot"}


@pytest.fixture
def lab_and_apis() -> tuple[Lab, dict[str, FakeClientApi]]:
    backend, apis = fake_backend("call", groups=GROUPS, clock=FakeClock())
    return Lab.named(backend, None), {api.name: api for api in apis.values()}


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ((), ["client1", "client2", "bot-1", "bot-2"]),
        (("client2",), ["client2"]),
        (("bot",), ["bot-1", "bot-2"]),
        (("bot-2", "bot", "client1"), ["bot-2", "bot-1", "client1"]),
    ],
)
def test_names(names: tuple[str, ...], found: list[str], lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """A name selects a client, a group its clients, nothing all of them; none is selected twice."""
    assert [client.name for client in lab_and_apis[0].find(names)] == found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cleint2", "no client 'cleint2' in lab 'call'; did you mean client2?"),
        ("x", "no client 'x' in lab 'call'; there are: client1, client2, bot-1, bot-2"),
    ],
)
def test_unknown_names(name: str, expected: str, lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """An unknown name is reported with the closest match, or with all names."""
    with pytest.raises(WrongUse) as caught:
        lab_and_apis[0].find([name])
    assert caught.value.message == expected


def test_change_of_all(lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """A change of several clients is applied to each, and their states are returned in the same order."""
    lab, _ = lab_and_apis
    states = lab.change(lab.find(["client2", "bot"]), {"egress": {"loss": "5%"}}).states
    assert list(states) == ["client2", "bot-1", "bot-2"]
    assert {str(state.conditions.to_dict()) for state in states.values()} == {"{'egress': {'loss': '5%'}}"}


def test_refused_by_one_is_done_to_none(lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """If one client rejects the change, the others do not get it either."""
    lab, apis = lab_and_apis
    apis["client1"].change({"egress": {"rate": "1mbit"}})
    with pytest.raises(WrongUse, match=r"^client2: egress\.queue: requires rate"):
        lab.change(lab.find(["client1", "client2"]), {"egress": {"queue": "10p"}})
    assert apis["client1"].conditions.to_dict() == {"egress": {"rate": "1mbit"}}


def test_several_change_at_the_same_moment(lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """All get the same time of their shared clock, slightly ahead; a single client changes at once."""
    lab, apis = lab_and_apis
    before_ns = lab.backend.clock.now_ns()
    made = lab.change(lab.find(["client1", "bot"]), {"egress": {"loss": "5%"}}, ChangeOptions(lease_ns=10 * SECOND_NS))
    told = [apis[name].options[-1] for name in ("client1", "bot-1", "bot-2")]
    assert told[0] == told[1] == told[2] == ChangeOptions(at_ns=told[0].at_ns, lease_ns=10 * SECOND_NS)
    assert told[0].at_ns == before_ns + LEAD_NS
    assert made.apart_ns == 0
    assert {state.entry.id for state in made.states.values() if state.entry} == {1}
    alone = lab.change(lab.find(["client2"]), {"egress": {"loss": "5%"}})
    assert apis["client2"].options == [ChangeOptions()]
    assert alone.apart_ns is None


def test_who_makes_the_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The history of clients says `python` of a Lab, `command` of the command line and `pytest` of its labs."""
    words: list[str] = []

    def made(by: str) -> Backend:
        words.append(by)
        return replace(fake_backend("call")[0], by=by)

    for module in ("lab.lab", "cli.main", "pytest_plugin.labs"):
        monkeypatch.setattr(f"synthlab.{module}.make_backend", made)
    lab = Lab.attach("call")
    assert main(["ps"]) == 0
    Labs(cast("PytestRun", None), {"ttl": "1h"})
    assert words == ["python", "command", "pytest"]
    api = lab["client1"].api
    assert isinstance(api, FakeClientApi)
    assert api.by == "python"


def test_several_change_after_a_while(lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """`after` counts from now, and the call does not wait for it."""
    lab, apis = lab_and_apis
    lab.change(lab.find(["bot"]), {"egress": {"loss": "5%"}}, ChangeOptions(after_ns=3600 * SECOND_NS))
    at_ns = lab.backend.clock.now_ns() + 3600 * SECOND_NS
    assert [apis[name].options[-1].at_ns for name in ("bot-1", "bot-2")] == [at_ns] * 2


def test_files_come_first(lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """Each client gets the files of a change before the change."""
    lab, apis = lab_and_apis
    lab.change(lab.find(["bot"]), {"egress": {"rate_trace": "train"}}, files={"train": "1\n"})
    assert [apis[name].files for name in ("bot-1", "bot-2", "client1")] == [{"train": "1\n"}] * 2 + [{}]


def test_a_lease_that_failed_halfway_is_taken_back(lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """Leases from before stay."""
    lab, apis = lab_and_apis
    apis["client1"].change({"ingress": {"latency": "10ms"}}, ChangeOptions(lease_ns=60 * SECOND_NS))
    apis["client2"].broken = True
    with pytest.raises(SynthlabError):
        lab.change(lab.find(["client1", "client2"]), {"egress": {"loss": "5%"}}, ChangeOptions(lease_ns=10 * SECOND_NS))
    assert apis["client1"].conditions.to_dict() == {"ingress": {"latency": "10ms"}}


@pytest.mark.parametrize("broken", ["client1", "client2"])
def test_failed_halfway_is_taken_back(broken: str, lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """If one client fails while changing, the others are reverted."""
    lab, apis = lab_and_apis
    for name in ("client1", "client2"):
        apis[name].change({"ingress": {"latency": "10ms"}})
    apis[broken].broken = True
    with pytest.raises(SynthlabError, match=f"{broken}: its API does not answer"):
        lab.change(lab.find(["client1", "client2"]), {"egress": {"loss": "5%"}})
    assert {str(apis[name].conditions.to_dict()) for name in ("client1", "client2")} == {
        "{'ingress': {'latency': '10ms'}}"
    }


def test_reset() -> None:
    """Reset restores the conditions of the stack; a perfect network has none."""
    backend, apis = fake_backend("call")
    apis["call/client1"] = FakeClientApi("client1", {"egress": {"loss": "1%"}})
    lab = Lab.named(backend, "call")
    lab.change(lab.find(), {"egress": {"loss": "9%"}})
    reset = lab.reset(lab.find()).states
    assert [state.conditions.to_dict() for state in reset.values()] == [{"egress": {"loss": "1%"}}, {}]
    assert all(state.conditions.perfect for state in lab.reset(lab.find(), perfect=True).states.values())


@pytest.mark.parametrize(
    ("running", "wanted", "expected"),
    [
        ([], None, "no lab is up: start one with `synthlab up call.yaml`"),
        (["b", "a"], None, "several labs are up: a, b; choose one with --lab NAME or SYNTHLAB_LAB"),
        (["call"], "cal", "no lab 'cal' is up; did you mean call?"),
        (["call"], "x", "no lab 'x' is up; there are: call"),
        ([], "x", "no lab 'x' is up; there are: none"),
    ],
)
def test_unclear_lab(running: list[str], wanted: str | None, expected: str) -> None:
    """If it is unclear which lab is meant, the error lists all."""
    with pytest.raises(WrongUse) as caught:
        choose_lab(running, wanted)
    assert caught.value.message == expected


def test_clear_lab() -> None:
    """A single lab needs no name; a name selects that lab."""
    assert choose_lab(["a", "a"], None) == "a"
    assert choose_lab(["a", "b"], "b") == "b"


def test_with_takes_down_what_up_has_made() -> None:
    """`with` takes down only what `up` created: an attached lab stays, and so does one to keep."""
    backend, _ = fake_backend("mine", "kept", "theirs")
    stack = read_stack("call")
    with Lab(backend, "mine", backend.engine.containers("mine"), stack) as lab:
        assert [client.name for client in lab] == ["client1", "client2"]
    with Lab(backend, "kept", backend.engine.containers("kept"), stack) as lab:
        lab.keep = True
    with Lab.attach("theirs", backend):
        pass
    assert backend.engine.labs() == ["kept", "theirs"]


def test_attach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a name it attaches to the lab in SYNTHLAB_LAB, or to the only one."""
    backend, _ = fake_backend("a", "b")
    with pytest.raises(WrongUse, match="several labs are up: a, b"):
        Lab.attach(backend=backend)
    monkeypatch.setenv("SYNTHLAB_LAB", "b")
    assert Lab.attach(backend=backend).name == "b"
    assert Lab.attach("a", backend).name == "a"


def test_up_refuses_mistakes() -> None:
    """Mistakes are WrongUse, before anything is started."""
    backend, _ = fake_backend()
    mistakes = (
        ({"ttl": "soon"}, "ttl: 'soon'"),
        ({"ttl": "0.5s"}, "ttl: '0.5s' is not a time from 1s to 86400s"),
        ({"timeout": "9"}, "timeout: '9'"),
    )
    for given, result in mistakes:
        with pytest.raises(WrongUse, match=result):
            Lab.up("call.yaml", backend=backend, **given)  # type: ignore[arg-type]
    with pytest.raises(WrongUse, match=r"cal\.yaml: no such stack file; did you mean call\.yaml\?"):
        Lab.up("cal.yaml", backend=backend)


def test_restore() -> None:
    """Paused and stopped containers run again, and all have the stack's conditions."""
    backend, apis = fake_backend("call", groups={"bot-1": "bot", "bot-2": "bot"})
    engine = backend.engine
    assert isinstance(engine, FakeEngine)
    lab = Lab.named(backend, "call")
    lab.change(lab.find(), {"egress": {"loss": "9%"}})
    states = {"client2": "paused", "bot-1": "exited"}
    engine.present = [replace(one, state=states.get(one.title, "running")) for one in engine.present]
    engine.control = lambda container, action: start(engine, container, action)  # type: ignore[method-assign]
    lab.restore()
    assert engine.controlled == [("unpause", "client2"), ("start", "bot-1")]
    assert all(api.conditions.perfect for api in apis.values())


def start(engine: FakeEngine, container: Container, action: ContainerAction) -> None:
    """The same effect on state as on a real engine."""
    engine.controlled.append((action, container.title))
    engine.present = [replace(one, state="running") if one.id == container.id else one for one in engine.present]


@pytest.mark.issue(10)
def test_too_slow(lab_and_apis: tuple[Lab, dict[str, FakeClientApi]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Code can ask whether the machine is too slow now, and where."""
    lab, _ = lab_and_apis
    assert lab.too_slow() == []
    slow = {name: replace(state, lateness={"egress": {"p99_ms": 80.0}}) for name, state in lab.states().items()}
    monkeypatch.setattr(Lab, "states", lambda _lab: {"client1": slow["client1"]})
    assert lab.too_slow() == [
        "client1 egress: this machine is too slow: packets left up to 80 ms late in the last second"
    ]


@pytest.mark.issue(11)
def test_partition(lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """Two clients are separated until the end of `with`: the first gets the change, in the links of the direction."""
    lab, apis = lab_and_apis
    apis["client1"].change({"flows": {"client2": {"egress": {"latency": "80ms"}}}})
    with lab.partition("client1", "client2", direction="b-to-a", answer="reset") as applied:
        assert list(applied.states) == ["client1"]
        assert apis["client1"].conditions.to_dict() == {
            "flows": {"client2": {"ingress": {"reject": "reset"}, "egress": {"latency": "80ms"}}}
        }
    assert apis["client1"].conditions.to_dict() == {"flows": {"client2": {"egress": {"latency": "80ms"}}}}
    assert apis["client2"].requests == []


@pytest.mark.issue(11)
def test_partition_for_a_time(lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]) -> None:
    """A partition can be scheduled and expire; `revert` ends it earlier."""
    lab, apis = lab_and_apis
    applied = lab.partition("bot-1", "client2", for_="10s")
    assert apis["bot-1"].options == [ChangeOptions(lease_ns=10 * SECOND_NS)]
    assert not apis["bot-1"].conditions.perfect
    applied.revert()
    assert apis["bot-1"].conditions.perfect
    lab.partition("bot-1", "client2", after="5s")
    assert apis["bot-1"].options[-1] == ChangeOptions(after_ns=5 * SECOND_NS)


@pytest.mark.issue(11)
@pytest.mark.parametrize(
    ("ends", "words", "expected"),
    [
        (("client1", "cleint2"), {}, "no client 'cleint2' in lab 'call'; did you mean client2?"),
        (("client1", "bot"), {}, "'bot' matches several: bot-1, bot-2; name one of them"),
        (("client1", "client1"), {}, "partition: 'client1' is both ends; name two clients, or a client and sfu"),
        (("client1", "client2"), {"direction": "forth"}, "direction: 'forth' is not one of both, a-to-b, b-to-a"),
        (("client1", "client2"), {"for_": "ten"}, "for_: 'ten' is not a time"),
    ],
)
def test_refused_partitions(
    ends: tuple[str, str], words: dict[str, str], expected: str, lab_and_apis: tuple[Lab, dict[str, FakeClientApi]]
) -> None:
    """Invalid names, words and times are reported, and nothing is changed."""
    lab, apis = lab_and_apis
    with pytest.raises(WrongUse) as caught:
        lab.partition(*ends, **words)
    assert caught.value.message.startswith(expected)
    assert all(api.conditions.perfect for api in apis.values())


@pytest.mark.issue(14)
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"engine": "swam"}, "engine: 'swam' is not one of docker, swarm"),
        ({"registry": "10.0.0.1:5000"}, "registry: requires engine swarm"),
        ({"engine": "docker", "registry": "10.0.0.1:5000"}, "registry: requires engine swarm"),
    ],
)
def test_where_it_cannot_run(given: dict[str, str], message: str) -> None:
    """Found before anything starts."""
    backend, _ = fake_backend("other")
    with pytest.raises(WrongUse) as caught:
        Lab.up("call.yaml", backend=backend, **given)  # type: ignore[arg-type]
    assert caught.value.message == message
    assert isinstance(backend.engine, FakeEngine)
    assert backend.engine.calls == []


@pytest.mark.issue(14)
def test_without_a_swarm() -> None:
    backend, _ = fake_backend("other")
    with pytest.raises(SynthlabError, match="this engine manages no swarm: run `docker swarm init`"):
        Lab.up("call.yaml", backend=backend, engine="swarm")
