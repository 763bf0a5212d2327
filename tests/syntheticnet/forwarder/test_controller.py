"""ConditionsController: the API's requests, on a hand-moved clock and a fake network that records calls."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from syntheticnet.conditions import Conditions, ConditionsError, Nat, RoamRequest
from syntheticnet.conditions.files import Files
from syntheticnet.forwarder.controller import ConditionsController, Overtaken, drawn_schedule
from syntheticnet.forwarder.in_force import InForce, Names, Sowing
from syntheticnet.forwarder.shared_files import SharedFiles
from syntheticnet.forwarder.shared_memory import SharedDocument

from ..builders import SECOND, exactly

NOW = 1000 * SECOND
COUNTED = {"ingress": {"packets_in": 1}, "egress": {"packets_in": 2}}


class FakeNetwork:
    """A network that forwards nothing."""

    def __init__(self) -> None:
        self.adopted: list[tuple[int, dict[str, Any], Names]] = []
        self.sown: list[Sowing] = []
        self.armed: int | None = None
        self.overtaken: list[int] = []
        self.flows: list[str] = []
        self.checked: list[Nat] = []
        self.dropped = 0

    def adopt(self, requested: InForce, now: int) -> int:
        if self.overtaken:
            raise Overtaken(self.overtaken.pop(0))
        self.sown.append(requested.sowing)
        self.flows = [flow.name for flow in requested.conditions.flows]
        self.adopted.append((now - NOW, {**requested.conditions.to_dict(), "seed": None}, requested.names))
        return now

    def arm(self, requested: InForce, at: int) -> None:
        self.armed = at - NOW

    def disarm(self) -> None:
        self.armed = None

    def check_nat(self, nat: Nat) -> None:
        self.checked.append(nat)
        if nat.kind == "symmetric":
            raise ConditionsError("the kernel refuses it", "nat")

    def drop_mappings(self) -> None:
        self.dropped += 1

    def roam(self, request: RoamRequest) -> None:
        if request.to == "far":
            raise ConditionsError("the client has no uplink 'far'", "roam")

    def report(self, now: int) -> dict[str, Any]:
        return {"links": {}, "flows": dict.fromkeys(("default", *self.flows), COUNTED)}

    def top(self, direction: str) -> list[Any]:
        return [direction]

    def traffic(self, now: int) -> dict[str, Any]:
        return {"watching": True}

    def admit(self, addresses: Sequence[str]) -> None:
        self.admitted = list(addresses)


class Bench:
    """A controller with its stores and fake network; `restart` imitates a forwarder that died and was restarted."""

    def __init__(self, startup: Conditions, no_dns: str = "") -> None:
        self.no_dns = no_dns
        self.kept, self.files = SharedDocument.create(), SharedFiles.create()
        self.kept.save(drawn_schedule(startup, NOW).to_dict())
        self.restart(NOW)

    def restart(self, now: int) -> None:
        self.network = FakeNetwork()
        self.controller = ConditionsController(self.kept, Files(self.files), self.network, now, self.no_dns)

    def ask(self, op: str, now: int = NOW, **arguments: Any) -> dict[str, Any]:
        return self.controller.answer({"op": op, **arguments}, now)

    def close(self) -> None:
        self.files.close()
        os.close(self.kept.fd)

    def contents(self) -> dict[str, bytes]:
        return {name: bytes(content) for name, content in self.files.items()}


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench(Conditions.from_dict({"egress": {"loss": "1%"}}))
    yield made
    made.close()


def refused(bench: Bench, line: str, op: str, **arguments: Any) -> None:
    """Assert that the controller refuses with `line` and puts nothing in force."""
    before = len(bench.network.adopted), bench.kept.load(), bench.contents()
    with pytest.raises(ConditionsError, match=exactly(line)):
        bench.ask(op, **arguments)
    assert (len(bench.network.adopted), bench.kept.load(), bench.contents()) == before


def test_changes_are_put_in_force(bench: Bench) -> None:
    """A change is in force when the answer returns; a change without effect is not applied again."""
    answer = bench.ask("change", change={"egress": {"latency": "5ms"}}, names={})
    assert answer["conditions"]["egress"] == {"loss": "1%", "latency": "5ms"}
    assert answer["links"] == {}
    bench.ask("change", change={"egress": {"latency": "5ms"}}, names={})
    bench.ask("replace", change={}, names={})
    assert bench.network.adopted == [
        (0, {"egress": {"loss": "1%"}, "seed": None}, {}),
        (0, {"egress": {"loss": "1%", "latency": "5ms"}, "seed": None}, {}),
        (0, {"seed": None}, {}),
    ]


@pytest.mark.issue(10)
def test_setting_a_seed_restarts_the_draws(bench: Bench) -> None:
    """Setting a seed, even the same one, restarts the draws; other changes do not; a lease's seed hides the base's."""
    drawn = bench.ask("report")["conditions"]["seed"]
    sown = bench.network.sown
    for _ in range(3):
        bench.ask("change", change={"egress": {"loss": "20%"}, "seed": 42})
    assert sown == [(0, drawn), (1, 42), (2, 42), (3, 42)]
    bench.ask("change", change={"egress": {"loss": "21%"}})
    assert sown[4:] == [(3, 42)]
    bench.ask("change", change={"seed": 42}, lease_ns=SECOND)
    bench.ask("change", change={"seed": 43})
    assert sown[5:] == [(5, 42)]
    bench.controller.due(NOW + SECOND)
    assert sown[6:] == [(6, 43)]
    bench.ask("replace", now=NOW + SECOND, change={"seed": 43})
    bench.ask("replace", now=NOW + SECOND, change={"egress": {"loss": "1%"}})
    bench.ask("change", now=NOW + SECOND, change={"seed": None})
    assert sown[7:] == [(7, 43), (0, drawn)]


@pytest.mark.issue(10)
def test_a_restarted_forwarder_restarts_the_draws(bench: Bench) -> None:
    """The new forwarder draws from the start of the seed; the entry that set the seed is unchanged."""
    bench.ask("change", change={"seed": 42})
    bench.restart(NOW + SECOND)
    bench.ask("change", now=NOW + SECOND, change={"egress": {"loss": "2%"}})
    assert bench.network.sown == [(1, 42), (1, 42)]


def test_a_muted_flow_has_counted_nothing(bench: Bench) -> None:
    """The network gets only what is in force; the report lists all flows in order, a muted one with 0 packets."""
    flows = {"*:udp": {}, "*:tcp": {"muted": True, "egress": {"loss": "5%"}}, "*:icmp": {}}
    report = bench.ask("change", change={"muted": True, "flows": flows})
    assert bench.network.adopted[-1] == (0, {"flows": {"*:udp": {}, "*:icmp": {}}, "seed": None}, {})
    assert report["base"] == {"egress": {"loss": "1%"}, "muted": True, "flows": flows}
    assert list(report["flows"]) == ["default", "*:udp", "*:tcp", "*:icmp"]
    assert report["flows"]["*:udp"] == COUNTED
    muted = report["flows"]["*:tcp"]
    assert [muted[direction]["packets_in"] for direction in ("ingress", "egress")] == [0, 0]
    assert muted["egress"]["achieved"] == {}


def test_what_changes_nothing_in_force_is_not_applied(bench: Bench) -> None:
    """Values of a muted flow can change without the network; another order is applied, though no value changes."""
    bench.ask("change", change={"flows": {"*:udp": {}, "*:tcp": {}, "*:icmp": {"muted": True}}})
    before = len(bench.network.adopted)
    bench.ask("change", change={"flows": {"*:icmp": {"egress": {"loss": "5%"}}}, "order": ["*:icmp"]})
    assert len(bench.network.adopted) == before
    assert list(bench.ask("change", change={"order": ["*:tcp"]})["conditions"]["flows"]) == ["*:tcp", "*:icmp", "*:udp"]
    assert list(bench.network.adopted[-1][1]["flows"]) == ["*:tcp", "*:udp"]


def test_the_history_outlives_the_forwarder(bench: Bench) -> None:
    """It begins with the startup conditions; each request is recorded with who made it, also after a crash."""
    change = {"egress": {"loss": "9%"}}
    bench.ask("change", change=change, lease_ns=5 * SECOND, by="page")
    bench.ask("change", change={}, lease_ns=9 * SECOND)
    bench.ask("release", lease=2, by="command")
    bench.restart(NOW + 7 * SECOND)
    at_start = {"at_ns": NOW, "age_s": 7.0}
    assert bench.ask("report", now=NOW + 7 * SECOND)["history"] == [
        {**at_start, "by": "startup", "kind": "replace", "id": 0, "change": {"egress": {"loss": "1%"}}},
        {**at_start, "by": "page", "kind": "lease", "id": 1, "change": change, "lasts_ns": 5 * SECOND},
        {**at_start, "by": "api", "kind": "lease", "id": 2, "change": {}, "lasts_ns": 9 * SECOND},
        {**at_start, "by": "command", "kind": "released", "id": 2},
        {"at_ns": NOW + 5 * SECOND, "age_s": 2.0, "by": "page", "kind": "expired", "id": 1},
    ]


def test_due_changes_are_applied(bench: Bench) -> None:
    """Due changes are applied at the deadline, and before any other request."""
    entry = bench.ask("change", change={"egress": {"loss": "9%"}}, at_ns=NOW + SECOND, lease_ns=SECOND)["entry"]
    assert entry == {
        "id": 1,
        "change": {"egress": {"loss": "9%"}},
        "at_ns": NOW + SECOND,
        "in_ns": SECOND,
        "expires_ns": NOW + 2 * SECOND,
        "left_ns": 2 * SECOND,
    }
    assert bench.controller.deadline() == NOW + SECOND
    bench.controller.due(NOW + SECOND - 1)
    assert len(bench.network.adopted) == 1
    bench.controller.due(NOW + SECOND)
    assert bench.network.adopted[-1][1]["egress"] == {"loss": "9%"}
    assert bench.ask("report", now=NOW + 2 * SECOND)["leases"] == []
    assert bench.network.adopted[-1][0] == 2 * SECOND


@pytest.mark.issue(10)
def test_the_next_change_is_armed(bench: Bench) -> None:
    """The next change is armed as soon as it is known, unless it has no effect."""
    bench.ask("change", change={"egress": {"loss": "9%"}}, at_ns=NOW + SECOND, lease_ns=SECOND)
    assert bench.network.armed == SECOND
    bench.controller.due(NOW + SECOND)
    assert bench.network.armed == 2 * SECOND
    bench.controller.due(NOW + 2 * SECOND)
    assert bench.network.armed is None
    bench.ask("change", now=NOW + 2 * SECOND, change={}, lease_ns=SECOND)
    assert bench.network.armed is None


@pytest.mark.issue(10)
def test_a_change_becomes_due_while_another_is_prepared(bench: Bench) -> None:
    """It is applied first, at its time, then the requested change on top of it; also twice in a row."""
    bench.ask("change", change={"egress": {"loss": "9%"}}, at_ns=NOW + SECOND)
    bench.network.overtaken = [NOW + SECOND, NOW + SECOND]
    answer = bench.ask("change", now=NOW + SECOND - 1, change={"egress": {"latency": "5ms"}})
    assert answer["conditions"]["egress"] == {"loss": "9%", "latency": "5ms"}
    assert [egress["egress"] for _, egress, _ in bench.network.adopted[1:]] == [
        {"loss": "9%"},
        {"loss": "9%", "latency": "5ms"},
    ]


def test_a_late_change_reports_its_delay(bench: Bench) -> None:
    """A late change applies at once, and the answer reports how late it was."""
    answer = bench.ask("change", change={"egress": {"loss": "9%"}}, at_ns=NOW - SECOND // 2)
    assert answer["entry"]["late_ns"] == SECOND // 2
    assert answer["conditions"]["egress"] == {"loss": "9%"}


def test_a_check_changes_nothing(bench: Bench) -> None:
    """A check returns what would be in force now, also if it is for a later time."""
    answer = bench.ask("change", change={"egress": {"latency": "5ms"}}, check=True, at_ns=NOW + SECOND)
    assert answer["conditions"]["egress"] == {"loss": "1%", "latency": "5ms"}
    assert answer["monotonic_ns"] == NOW
    assert bench.controller.deadline() is None


@pytest.mark.issue(17)
def test_look_ups_that_cannot_be_conditioned() -> None:
    """`dns` is refused with the reason, also for later; everything else works."""
    bench = Bench(Conditions(), "requires another name server")
    dns = {"dns": {"app.example": {"delay": "3s"}}}
    refused(bench, "dns: requires another name server", "change", change=dns)
    refused(bench, "dns: requires another name server", "replace", change=dns, at_ns=NOW + SECOND)
    assert bench.ask("change", change={"egress": {"loss": "5%"}, "dns": None})["conditions"]["egress"] == {"loss": "5%"}
    bench.close()


@pytest.mark.issue(17)
def test_look_ups_belong_to_conditions(bench: Bench) -> None:
    """They come into force and revert with leases, as any other value, and outlive a forwarder."""
    bench.ask("change", change={"dns": {"app.example": {"delay": "3s"}}})
    bench.ask("change", change={"dns": {"app.example": {"answer": "nxdomain"}}}, lease_ns=SECOND)
    _, during, _ = bench.network.adopted[-1]
    assert during["dns"] == {"app.example": {"delay": "3s", "answer": "nxdomain"}}
    bench.restart(NOW + 1)
    assert bench.network.adopted[-1][1]["dns"] == during["dns"]
    bench.controller.due(NOW + SECOND)
    assert bench.network.adopted[-1][1]["dns"] == {"app.example": {"delay": "3s"}}


def test_renew_and_release(bench: Bench) -> None:
    """A lease can be extended and ended."""
    bench.ask("change", change={"egress": {"loss": "9%"}}, lease_ns=SECOND)
    answer = bench.ask("renew", lease=1, lease_ns=5 * SECOND)
    assert answer["leases"][0]["left_ns"] == 5 * SECOND
    assert bench.ask("release", lease=1)["conditions"]["egress"] == {"loss": "1%"}
    refused(bench, "no lease or scheduled change 1; there are: none", "release", lease=1)


def test_a_restarted_forwarder_restores_everything(bench: Bench) -> None:
    """Seed, leases, scheduled changes and files survive; changes that became due meanwhile are applied."""
    bench.ask("put_file", name="wifi", text="1 2 3\n")
    bench.ask("change", change={"egress": {"loss": "9%"}}, lease_ns=SECOND)
    bench.ask("change", change={"egress": {"latency": "5ms"}}, at_ns=NOW + SECOND)
    before = bench.ask("change", change={"ingress": {"loss": "2%"}}, lease_ns=60 * SECOND)
    bench.restart(NOW + 2 * SECOND)
    assert len(bench.network.adopted) == 1
    after = bench.ask("report", now=NOW + 2 * SECOND)
    assert after["conditions"] == {
        "ingress": {"loss": "2%"},
        "egress": {"loss": "1%", "latency": "5ms"},
        "seed": before["conditions"]["seed"],
    }
    assert [lease["id"] for lease in after["leases"]] == [3]
    assert bench.ask("file", name="wifi") == {"text": "1 2 3\n", "bytes": 6}


@pytest.mark.issue(15)
def test_states_are_armed_and_outlive_the_forwarder(bench: Bench) -> None:
    """The next state is prepared ahead; a forwarder that starts later is in the state of its time."""
    states = {"good": {"mean": "2s"}, "bad": {"mean": "2s", "egress": {"loss": "5%"}}}
    walk = bench.ask("replace", change={"states": states, "seed": 5})["walk"]
    assert bench.network.armed == walk["until_ns"] - NOW
    bench.controller.due(walk["until_ns"])
    assert bench.network.adopted[-1][1]["egress"] == {"loss": "5%"}
    later = NOW + 60 * SECOND
    bench.controller.due(later)
    expected = bench.ask("report", later)
    bench.restart(later)
    assert bench.ask("report", later) == expected
    assert len(bench.network.adopted) == 1


def test_without_a_store_the_network_is_perfect() -> None:
    """The first forwarder finds empty stores and starts with a perfect network."""
    store, files = SharedDocument.create(), SharedFiles.create()
    network = FakeNetwork()
    ConditionsController(store, Files(files), network, NOW)
    assert network.adopted == [(0, {"seed": None}, {})]
    files.close()
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
def test_a_file_in_use_stays(bench: Bench, options: dict[str, Any], user: str) -> None:
    """Files of present or scheduled conditions cannot be removed or replaced; an identical upload is allowed."""
    bench.ask("put_file", name="wifi", text=TABLE)
    bench.ask("change", change=JITTERY, **options)
    refused(bench, f"wifi: is in use by {user}; clear that first", "remove_file", name="wifi")
    line = f"wifi: is in use by {user}; upload the new one under another name"
    refused(bench, line, "put_file", name="wifi", text=TABLE + "\n")
    assert bench.ask("put_file", name="wifi", text=TABLE) == {"files": [{"name": "wifi", "bytes": len(TABLE)}]}
    bench.ask("replace", change={})
    assert bench.ask("remove_file", name="wifi") == {"files": []}


@pytest.mark.parametrize("options", [{}, {"lease_ns": SECOND}, {"at_ns": NOW + SECOND}, {"check": True}])
def test_a_file_must_be_there(bench: Bench, options: dict[str, Any]) -> None:
    """Conditions that name a missing file are refused, now or for later."""
    line = "egress.jitter_table: wifi: no such file; uploaded files: none"
    refused(bench, line, "change", change=JITTERY, **options)


def test_a_file_of_conditions_hidden_by_a_lease_must_exist(bench: Bench) -> None:
    """Conditions hidden by a lease must have their files, as they apply when it ends."""
    bench.ask("replace", change={}, lease_ns=SECOND)
    refused(bench, "egress.jitter_table: wifi: no such file; uploaded files: none", "change", change=JITTERY)


def test_removing_a_missing_file(bench: Bench) -> None:
    """The error lists the uploaded files."""
    refused(bench, "wifi: no such file; uploaded files: none", "remove_file", name="wifi")


def test_top_talkers_and_admitted_addresses(bench: Bench) -> None:
    """These requests are passed to the network."""
    assert bench.ask("top", direction="ingress") == {"rows": ["ingress"]}
    assert bench.ask("admit", addresses=["10.9.0.7"]) == {}
    assert bench.network.admitted == ["10.9.0.7"]


@pytest.mark.issue(13)
def test_a_host_with_another_address(bench: Bench) -> None:
    """It is used by all that name the host: the conditions, leases, scheduled changes, and the next forwarder."""
    bench.ask("change", change={"flows": {"db:udp": {}, "web": {}}}, names={"db": ["10.9.0.2"], "web": ["10.9.0.3"]})
    bench.ask("change", change={"flows": {"db:tcp:80": {}}}, names={"db": ["10.9.0.2"]}, lease_ns=SECOND)
    later: dict[str, Any] = {"flows": {"db:tcp": {}, "sfu": {}}}
    bench.ask("change", change=later, names={"db": ["10.9.0.2"], "sfu": ["10.9.0.4"]}, at_ns=NOW + 2 * SECOND)
    hosts = {"db": ["10.9.0.2"], "web": ["10.9.0.3"], "sfu": ["10.9.0.4"]}
    assert bench.ask("hosts") == {"hosts": hosts}
    history = bench.ask("report")["history"]
    assert bench.ask("locate", names={"db": ["10.9.0.7", "fd09::7"]}) == {}
    moved = ["10.9.0.7", "fd09::7"]
    assert bench.network.adopted[-1][2] == {"db": moved, "web": ["10.9.0.3"]}
    assert bench.ask("hosts") == {"hosts": {**hosts, "db": moved}}
    assert bench.ask("report")["history"] == history
    bench.restart(NOW)
    for at, names in ((0, {"db": moved, "web": ["10.9.0.3"]}), (2, {**hosts, "db": moved})):
        bench.controller.due(NOW + at * SECOND)
        assert bench.network.adopted[-1][2] == names


@pytest.mark.issue(13)
def test_hosts_of_the_startup_conditions() -> None:
    """They have no addresses until they are located."""
    bench = Bench(Conditions.from_dict({"flows": {"db:tcp": {"egress": {"loss": "1%"}}}}))
    assert bench.ask("hosts") == {"hosts": {"db": []}}
    bench.ask("locate", names={"db": ["10.9.0.7"], "unknown": ["10.9.0.8"]})
    assert bench.ask("hosts") == {"hosts": {"db": ["10.9.0.7"]}}
    assert bench.network.adopted[-1][2] == {"db": ["10.9.0.7"]}
    bench.close()


def test_live_traffic_comes_with_the_names_of_flows(bench: Bench) -> None:
    """Those of the base and of leases, as they were looked up."""
    bench.ask("change", change={"flows": {"sfu": {}}}, names={"sfu": ["10.9.0.2", "fd09::2"]})
    bench.ask("change", change={"flows": {"web": {}}}, names={"web": ["10.9.0.3"]}, lease_ns=SECOND)
    names = {"sfu": ["10.9.0.2", "fd09::2"], "web": ["10.9.0.3"]}
    assert bench.ask("traffic") == {"monotonic_ns": NOW, "watching": True, "names": names}


def test_a_nat_is_checked_when_it_is_asked_for(bench: Bench) -> None:
    """Also if it is for later; one that the kernel refuses changes nothing, and what else the change names neither."""
    bench.ask("change", change={"nat": "full-cone"}, at_ns=NOW + 10**9)
    assert bench.network.checked == [Nat(kind="full-cone")]
    times: tuple[dict[str, Any], ...] = {}, {"at_ns": NOW + 10**9}, {"lease_ns": 10**9}
    for later in times:
        change = {"nat": "symmetric", "egress": {"loss": "5%"}}
        refused(bench, "nat: the kernel refuses it", "change", change=change, **later)
    bench.ask("change", change={"egress": {"loss": "2%"}})
    assert len(bench.network.checked) == 4


def test_a_nat_for_a_time(bench: Bench) -> None:
    """It is put in force and taken back as any value, also by the next forwarder."""
    bench.ask("change", change={"nat": "restricted"})
    bench.ask("change", change={"nat": "full-cone"}, lease_ns=10**9)
    assert bench.ask("report")["conditions"]["nat"] == "full-cone"
    bench.restart(NOW + 2 * 10**9)
    assert [adopted["nat"] for _, adopted, _ in bench.network.adopted] == ["restricted"]


def test_roaming_is_recorded(bench: Bench) -> None:
    """The history says where to and by whom, also after a restart; a refused request leaves no record."""
    bench.ask("roam", to="lte", how="jump", gap_ns=0, by="cli")
    bench.ask("roam", to=None, how="jump", gap_ns=0, by="cli")
    with pytest.raises(ValueError, match="no uplink 'far'"):
        bench.ask("roam", to="far", how="jump", gap_ns=0, by="cli")
    records = bench.ask("report")["history"]
    assert [(one["kind"], one["to"], one["by"]) for one in records[-2:]] == [
        ("roam", "lte", "cli"),
        ("roam", "new-address", "cli"),
    ]


def test_dropping_mappings_changes_no_condition(bench: Bench) -> None:
    before = bench.ask("report")["conditions"]
    bench.ask("drop_mappings")
    assert (bench.network.dropped, bench.ask("report")["conditions"]) == (1, before)
