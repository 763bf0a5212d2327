"""ConditionsController: what the API may ask, on a clock that the test moves and a network that only remembers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from syntheticnet.conditions import Conditions, ConditionsError
from syntheticnet.conditions.files import Files
from syntheticnet.forwarder.controller import ConditionsController, Overtaken, drawn_schedule
from syntheticnet.forwarder.schedule import InForce, Names, Sowing
from syntheticnet.forwarder.shared_memory import SharedDocument

from ..builders import SECOND, exactly

NOW = 1000 * SECOND


class Remembered:
    """A network that forwards nothing."""

    def __init__(self) -> None:
        self.adopted: list[tuple[int, dict[str, Any], Names]] = []
        self.sown: list[Sowing] = []
        self.armed: int | None = None
        self.overtaken: list[int] = []

    def adopt(self, requested: InForce, now: int) -> int:
        if self.overtaken:
            raise Overtaken(self.overtaken.pop(0))
        self.sown.append(requested.sowing)
        self.adopted.append((now - NOW, {**requested.conditions.to_dict(), "seed": None}, requested.names))
        return now

    def arm(self, requested: InForce, at: int) -> None:
        self.armed = at - NOW

    def disarm(self) -> None:
        self.armed = None

    def report(self, now: int) -> dict[str, Any]:
        return {"links": {}}

    def top(self, direction: str) -> list[Any]:
        return [direction]

    def admit(self, addresses: Sequence[str]) -> None:
        self.admitted = list(addresses)


class Office:
    """A controller, its stores, and the network beneath it; `restart` is a forwarder that has died and come back."""

    def __init__(self, startup: Conditions) -> None:
        self.kept, self.texts = SharedDocument.create(), SharedDocument.create()
        self.kept.save(drawn_schedule(startup).to_dict())
        self.restart(NOW)

    def restart(self, now: int) -> None:
        self.network = Remembered()
        self.controller = ConditionsController(self.kept, self.texts, Files(), self.network, now)

    def ask(self, op: str, now: int = NOW, **arguments: Any) -> dict[str, Any]:
        return self.controller.answer({"op": op, **arguments}, now)

    def close(self) -> None:
        for store in (self.kept, self.texts):
            os.close(store.fd)


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office(Conditions.from_dict({"egress": {"loss": "1%"}}))
    yield made
    made.close()


def refused(office: Office, line: str, op: str, **arguments: Any) -> None:
    """The controller refuses with `line`, and puts nothing in force."""
    before = len(office.network.adopted), office.kept.load(), office.texts.load()
    with pytest.raises(ConditionsError, match=exactly(line)):
        office.ask(op, **arguments)
    assert (len(office.network.adopted), office.kept.load(), office.texts.load()) == before


def test_changes_are_put_in_force(office: Office) -> None:
    """What is in force changes with the answer; what changes nothing is not put in force again."""
    answer = office.ask("change", change={"egress": {"latency": "5ms"}}, names={})
    assert answer["conditions"]["egress"] == {"loss": "1%", "latency": "5ms"}
    assert answer["links"] == {}
    office.ask("change", change={"egress": {"latency": "5ms"}}, names={})
    office.ask("replace", change={}, names={})
    assert office.network.adopted == [
        (0, {"egress": {"loss": "1%"}, "seed": None}, {}),
        (0, {"egress": {"loss": "1%", "latency": "5ms"}, "seed": None}, {}),
        (0, {"seed": None}, {}),
    ]


@pytest.mark.issue(10)
def test_a_seed_that_is_set_begins_the_draws_anew(office: Office) -> None:
    """Whoever sets it, also the same one again; what names none leaves them alone, and one beneath a lease's waits."""
    drawn = office.ask("report")["conditions"]["seed"]
    sown = office.network.sown
    for _ in range(3):
        office.ask("change", change={"egress": {"loss": "20%"}, "seed": 42})
    assert sown == [(0, drawn), (1, 42), (2, 42), (3, 42)]
    office.ask("change", change={"egress": {"loss": "21%"}})
    assert sown[4:] == [(3, 42)]
    office.ask("change", change={"seed": 42}, lease_ns=SECOND)
    office.ask("change", change={"seed": 43})
    assert sown[5:] == [(5, 42)]
    office.controller.due(NOW + SECOND)
    assert sown[6:] == [(6, 43)]
    office.ask("replace", now=NOW + SECOND, change={"seed": 43})
    office.ask("replace", now=NOW + SECOND, change={"egress": {"loss": "1%"}})
    office.ask("change", now=NOW + SECOND, change={"seed": None})
    assert sown[7:] == [(7, 43), (0, drawn)]


@pytest.mark.issue(10)
def test_a_restarted_forwarder_begins_its_draws_with_the_seed(office: Office) -> None:
    """What it had drawn is gone with it; the entry that set the seed is still the same one."""
    office.ask("change", change={"seed": 42})
    office.restart(NOW + SECOND)
    office.ask("change", now=NOW + SECOND, change={"egress": {"loss": "2%"}})
    assert office.network.sown == [(1, 42), (1, 42)]


def test_what_is_due_is_done(office: Office) -> None:
    """At the deadline, and before anything else that is asked."""
    entry = office.ask("change", change={"egress": {"loss": "9%"}}, at_ns=NOW + SECOND, lease_ns=SECOND)["entry"]
    assert entry == {
        "id": 1,
        "change": {"egress": {"loss": "9%"}},
        "at_ns": NOW + SECOND,
        "in_ns": SECOND,
        "expires_ns": NOW + 2 * SECOND,
        "left_ns": 2 * SECOND,
    }
    assert office.controller.deadline() == NOW + SECOND
    office.controller.due(NOW + SECOND - 1)
    assert len(office.network.adopted) == 1
    office.controller.due(NOW + SECOND)
    assert office.network.adopted[-1][1]["egress"] == {"loss": "9%"}
    assert office.ask("report", now=NOW + 2 * SECOND)["leases"] == []
    assert office.network.adopted[-1][0] == 2 * SECOND


@pytest.mark.issue(10)
def test_what_is_due_next_is_prepared(office: Office) -> None:
    """As soon as it is known, so that it takes effect in time; what changes nothing is not."""
    office.ask("change", change={"egress": {"loss": "9%"}}, at_ns=NOW + SECOND, lease_ns=SECOND)
    assert office.network.armed == SECOND
    office.controller.due(NOW + SECOND)
    assert office.network.armed == 2 * SECOND
    office.controller.due(NOW + 2 * SECOND)
    assert office.network.armed is None
    office.ask("change", now=NOW + 2 * SECOND, change={}, lease_ns=SECOND)
    assert office.network.armed is None


@pytest.mark.issue(10)
def test_what_falls_due_while_a_change_is_prepared(office: Office) -> None:
    """It is done first, at its time, and the change is then made on top of it; also twice in a row."""
    office.ask("change", change={"egress": {"loss": "9%"}}, at_ns=NOW + SECOND)
    office.network.overtaken = [NOW + SECOND, NOW + SECOND]
    answer = office.ask("change", now=NOW + SECOND - 1, change={"egress": {"latency": "5ms"}})
    assert answer["conditions"]["egress"] == {"loss": "9%", "latency": "5ms"}
    assert [egress["egress"] for _, egress, _ in office.network.adopted[1:]] == [
        {"loss": "9%"},
        {"loss": "9%", "latency": "5ms"},
    ]


def test_one_that_comes_late_says_so(office: Office) -> None:
    """It is in force at once, and the answer tells by how much it was late."""
    answer = office.ask("change", change={"egress": {"loss": "9%"}}, at_ns=NOW - SECOND // 2)
    assert answer["entry"]["late_ns"] == SECOND // 2
    assert answer["conditions"]["egress"] == {"loss": "9%"}


def test_a_check_changes_nothing(office: Office) -> None:
    """It answers what would be in force now, also for a later time."""
    answer = office.ask("change", change={"egress": {"latency": "5ms"}}, check=True, at_ns=NOW + SECOND)
    assert answer["conditions"]["egress"] == {"loss": "1%", "latency": "5ms"}
    assert answer["monotonic_ns"] == NOW
    assert office.controller.deadline() is None


def test_renew_and_release(office: Office) -> None:
    """A lease is prolonged, and taken back."""
    office.ask("change", change={"egress": {"loss": "9%"}}, lease_ns=SECOND)
    answer = office.ask("renew", lease=1, lease_ns=5 * SECOND)
    assert answer["leases"][0]["left_ns"] == 5 * SECOND
    assert office.ask("release", lease=1)["conditions"]["egress"] == {"loss": "1%"}
    refused(office, "no lease or scheduled change 1; there are: none", "release", lease=1)


def test_a_restarted_forwarder_goes_on(office: Office) -> None:
    """With seed, leases, scheduled changes and files; what fell due meanwhile has been done."""
    office.ask("put_file", name="wifi", text="1 2 3\n")
    office.ask("change", change={"egress": {"loss": "9%"}}, lease_ns=SECOND)
    office.ask("change", change={"egress": {"latency": "5ms"}}, at_ns=NOW + SECOND)
    before = office.ask("change", change={"ingress": {"loss": "2%"}}, lease_ns=60 * SECOND)
    office.restart(NOW + 2 * SECOND)
    assert len(office.network.adopted) == 1
    after = office.ask("report", now=NOW + 2 * SECOND)
    assert after["conditions"] == {
        "ingress": {"loss": "2%"},
        "egress": {"loss": "1%", "latency": "5ms"},
        "seed": before["conditions"]["seed"],
    }
    assert [lease["id"] for lease in after["leases"]] == [3]
    assert office.ask("file", name="wifi") == {"text": ["1 2 3\n"]}


def test_without_a_store_the_network_is_perfect() -> None:
    """A forwarder that is the first, with nothing to take up."""
    stores = SharedDocument.create(), SharedDocument.create()
    network = Remembered()
    ConditionsController(*stores, Files(), network, NOW)
    assert network.adopted == [(0, {"seed": None}, {})]
    for store in stores:
        os.close(store.fd)


JITTERY = {"egress": {"jitter": "5ms", "jitter_table": "wifi"}}
TABLE = "# a table\n" + " ".join(str(n * 8 - 16384) for n in range(4096)) + "\n"


@pytest.mark.parametrize(
    ("options", "user"),
    [
        ({}, "the conditions"),
        ({"lease_ns": SECOND}, "lease 1"),
        ({"at_ns": NOW + SECOND}, "scheduled change 1"),
    ],
)
def test_a_file_in_use_stays(office: Office, options: dict[str, Any], user: str) -> None:
    """What is in force or will be finds its files: they can be neither removed nor replaced, but put again."""
    office.ask("put_file", name="wifi", text=TABLE)
    office.ask("change", change=JITTERY, **options)
    refused(office, f"wifi: is in use by {user}: clear that first", "remove_file", name="wifi")
    line = f"wifi: is in use by {user}: give the new one another name"
    refused(office, line, "put_file", name="wifi", text=TABLE + "\n")
    assert office.ask("put_file", name="wifi", text=TABLE) == {"files": [{"name": "wifi", "bytes": len(TABLE)}]}
    office.ask("replace", change={})
    assert office.ask("remove_file", name="wifi") == {"files": []}


@pytest.mark.parametrize("options", [{}, {"lease_ns": SECOND}, {"at_ns": NOW + SECOND}, {"check": True}])
def test_a_file_must_be_there(office: Office, options: dict[str, Any]) -> None:
    """Before conditions that name it can be asked for, now or for later."""
    line = "egress.jitter_table: wifi: no such file; uploaded files: none"
    refused(office, line, "change", change=JITTERY, **options)


def test_a_file_beneath_a_covering_lease_must_be_there_too(office: Office) -> None:
    """What is not to be seen now will be."""
    office.ask("replace", change={}, lease_ns=SECOND)
    refused(office, "egress.jitter_table: wifi: no such file; uploaded files: none", "change", change=JITTERY)


def test_removing_what_is_not_there(office: Office) -> None:
    """The error lists what there is."""
    refused(office, "wifi: no such file; uploaded files: none", "remove_file", name="wifi")


def test_top_talkers_and_who_may_steer(office: Office) -> None:
    """These are asked of the network itself."""
    assert office.ask("top", direction="ingress") == {"rows": ["ingress"]}
    assert office.ask("admit", addresses=["10.9.0.7"]) == {}
    assert office.network.admitted == ["10.9.0.7"]
