"""The API over a real wire to a stand-in for the forwarder: its answers, and refusals that change nothing."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import syntheticnet
from syntheticnet import api, requests
from syntheticnet.agenda import Agenda, Names
from syntheticnet.api import Identity
from syntheticnet.conditions import Conditions
from syntheticnet.desk import Desk
from syntheticnet.files import MOST_BYTES, Files
from syntheticnet.guard import Guard
from syntheticnet.store import Store
from syntheticnet.switchboard import Line, Switchboard
from syntheticnet.version import VERSION

HOST = "172.18.0.1"
STARTUP = {"egress": {"latency": "10ms"}}
Q = {"rate": 1_000_000, "loss": 0.05, "latency": 80, "jitter": 20, "jitter_strength": 0.5, "reorder_packets": False}
SPEC = {
    "default_link": {"ingress": Q, "egress": Q},
    "flows": [
        {
            "label": "udp",
            "flow": {"ip": 0x0100007F, "protocol": 17, "port_min": 0, "port_max": 65535},
            "link": {"ingress": Q, "egress": Q},
        }
    ],
}


class Forwarder:
    """Answers as the forwarder does, for it has the same desk, but forwards nothing."""

    def __init__(self, end: socket.socket) -> None:
        self.stores = Store.create(), Store.create()
        self.stores[0].save(Agenda(drawn=5).to_dict())
        self.configured = -1  # what is in force at the start is put in force, too
        self.silent = False
        self.desk = Desk(*self.stores, Files(), self, time.monotonic_ns())
        self._switchboard = Switchboard(end, self._answer)

    def serve(self) -> None:
        if not self.silent:
            self._switchboard.serve()

    def adopt(self, conditions: Conditions, names: Names, now: int) -> None:
        self.conditions, self.names = conditions.to_dict(), names
        self.configured += 1

    def report(self, now: int) -> dict[str, Any]:
        return {"links": {}, "flows": {}, "forwarder": {"restarts": 0}}

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["op"] == "top":
            return {"rows": [(3, 1000, 17)] if request["direction"] == "ingress" else []}
        return self.desk.answer(request, time.monotonic_ns())


class Site:
    """An API with its forwarder, asked by a host that may."""

    def __init__(self, ours: socket.socket, theirs: socket.socket) -> None:
        self.forwarder = Forwarder(ours)
        self._end = ours
        identity = Identity("client1", "call", Conditions.from_dict(STARTUP))
        self._app = api.make(Line(theirs), identity, Guard(frozenset({HOST})))

    def ask(self, method: str, path: str, peer: str = HOST, **request: Any) -> httpx.Response:
        return asyncio.run(self._ask(method, path, peer, request))

    async def _ask(self, method: str, path: str, peer: str, request: dict[str, Any]) -> httpx.Response:
        asyncio.get_running_loop().add_reader(self._end.fileno(), self.forwarder.serve)
        transport = httpx.ASGITransport(self._app, client=(peer, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **request)


@pytest.fixture
def site() -> Iterator[Site]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        for end in (ours, theirs):
            end.setblocking(False)
        made = Site(ours, theirs)
        yield made
        for store in made.forwarder.stores:
            os.close(store.fd)


def test_state_says_who_and_what(site: Site) -> None:
    """Version, name, lab, startup conditions and seed, beside what the forwarder reports."""
    state = site.ask("GET", "/v1/state").json()
    assert abs(state.pop("monotonic_ns") - time.monotonic_ns()) < 10**9
    assert state == {
        "version": VERSION,
        "name": "client1",
        "lab": "call",
        "startup": STARTUP,
        "seed": 5,
        "conditions": {"seed": 5},
        "base": {},
        "leases": [],
        "scheduled": [],
        "failed": {"count": 0, "last": []},
        "links": {},
        "flows": {},
        "forwarder": {"restarts": 0},
    }
    assert site.ask("GET", "/v1/health").json() == {"healthy": True}


def test_patch_changes_what_it_names(site: Site) -> None:
    """Values that a PATCH does not name stay; the answer is the state after it."""
    site.ask("PATCH", "/v1/conditions", json={"egress": {"loss": "5%", "latency": "80ms"}})
    answer = site.ask("PATCH", "/v1/conditions", json={"egress": {"loss": None}, "ingress": {"loss": "1%"}})
    assert answer.status_code == 200
    wanted = {"seed": 5, "egress": {"latency": "80ms"}, "ingress": {"loss": "1%"}}
    assert answer.json()["conditions"] == wanted
    assert site.ask("GET", "/v1/conditions").json() == wanted


def test_put_replaces_all(site: Site) -> None:
    """After a PUT nothing of what was before is in force."""
    site.ask("PATCH", "/v1/conditions", json={"egress": {"loss": "5%"}})
    site.ask("PUT", "/v1/conditions", json={"ingress": {"rate": "1mbit"}})
    assert site.forwarder.conditions == {"seed": 5, "ingress": {"rate": "1mbit"}}


def test_delete_returns_to_the_startup_conditions(site: Site) -> None:
    """DELETE puts in force what the container started with."""
    site.ask("PATCH", "/v1/conditions", json={"egress": {"loss": "5%"}})
    assert site.ask("DELETE", "/v1/conditions").json()["conditions"] == {"seed": 5} | STARTUP


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_check_changes_nothing(site: Site, method: str) -> None:
    """With `?check=true` the answer is what would be in force."""
    answer = site.ask(method, "/v1/conditions?check=true", json={"egress": {"loss": "5%"}})
    assert answer.json()["conditions"]["egress"] == {"loss": "5%"}
    assert site.forwarder.configured == 0


def left_s(entry: dict[str, Any]) -> float:
    """How long a lease has still to run, in seconds."""
    return float(entry["left_ns"] / 1e9)


def test_a_lease(site: Site) -> None:
    """A change with `?lease=` tells its id and its end; it can be listed, prolonged and taken back."""
    answer = site.ask("PATCH", "/v1/conditions?lease=10s", json={"egress": {"loss": "5%"}}).json()
    assert answer["conditions"]["egress"] == {"loss": "5%"}
    assert answer["entry"]["expires_ns"] - answer["entry"]["at_ns"] == 10 * 10**9
    id = answer["entry"]["id"]
    listed = site.ask("GET", "/v1/leases").json()
    assert [entry["id"] for entry in listed["leases"]] == [id]
    assert 9 < left_s(listed["leases"][0]) <= 10
    renewed = site.ask("PUT", f"/v1/leases/{id}?for=1min").json()
    assert 59 < left_s(renewed["leases"][0]) <= 60
    assert site.ask("DELETE", f"/v1/leases/{id}").json()["conditions"] == {"seed": 5}


def test_a_change_at_a_time(site: Site) -> None:
    """With `at`, read on the clock that the API tells, or `in`, a change waits; it is not yet in force."""
    at = site.ask("GET", "/v1/clock").json()["monotonic_ns"] + 60 * 10**9
    answer = site.ask("PATCH", f"/v1/conditions?at={at}", json={"egress": {"loss": "5%"}}).json()
    assert answer["conditions"] == {"seed": 5}
    assert (answer["entry"]["at_ns"], answer["scheduled"]) == (at, [answer["entry"]])
    entry = site.ask("DELETE", "/v1/conditions?in=30s&lease=5s").json()["entry"]
    assert 29e9 < entry["in_ns"] <= 30e9
    assert entry["replace"] == STARTUP
    scheduled = site.ask("GET", "/v1/leases").json()["scheduled"]
    assert [row["id"] for row in scheduled] == [entry["id"], answer["entry"]["id"]]
    assert site.forwarder.configured == 0


def test_replacing_drops_leases(site: Site) -> None:
    """PUT, DELETE and `/qos` leave nothing of leases and scheduled changes; with `keep=true` they stay."""
    for method, path, body in (
        ("PUT", "/v1/conditions", {}),
        ("DELETE", "/v1/conditions", None),
        ("POST", "/qos", SPEC),
    ):
        site.ask("PATCH", "/v1/conditions?lease=10s", json={"egress": {"loss": "5%"}})
        site.ask("PATCH", "/v1/conditions?in=10s", json={"egress": {"loss": "5%"}})
        site.ask("PUT", "/v1/conditions?keep=true", json={})
        assert site.forwarder.conditions == {"seed": 5, "egress": {"loss": "5%"}}
        site.ask(method, path, json=body)
        listed = site.ask("GET", "/v1/leases").json()
        assert (listed["leases"], listed["scheduled"]) == ([], [])


def test_files(site: Site) -> None:
    """A file is put, listed, read and removed; conditions may name it, and it stays as long as they do."""
    table = " ".join(str(n * 8 - 16384) for n in range(4096)) + "\n"
    change = {"egress": {"jitter": "5ms", "jitter_table": "wifi.dist"}}
    refused = site.ask("PATCH", "/v1/conditions", json=change)
    line = "egress.jitter_table: wifi.dist: no such file; there are: none"
    assert (refused.status_code, refused.json()["error"]) == (422, line)
    listed = site.ask("PUT", "/v1/files/wifi.dist", content=table, headers={"Content-Type": "text/plain"}).json()
    assert listed == {"files": [{"name": "wifi.dist", "bytes": len(table)}]}
    assert site.ask("GET", "/v1/files").json() == listed
    assert site.ask("GET", "/v1/files/wifi.dist").text == table
    assert site.ask("PATCH", "/v1/conditions", json=change).status_code == 200
    for method in ("PUT", "DELETE"):
        answer = site.ask(method, "/v1/files/wifi.dist", content="other")
        assert (answer.status_code, answer.json()["error"].split(":")[1]) == (422, " is in use by the conditions")
    site.ask("DELETE", "/v1/conditions")
    assert site.ask("DELETE", "/v1/files/wifi.dist").json() == {"files": []}


def test_the_schema_says_what_input_a_value_takes(site: Site) -> None:
    """A kind for each condition, and what there is to choose where there is a choice."""
    rows = {row["name"]: row for row in site.ask("GET", "/v1/schema").json()["conditions"]}
    assert rows["loss"]["kind"] == "share"
    assert rows["jitter_table"]["kind"] == "file"
    assert rows["reordering"]["kind"] == "switch"
    assert {"uniform", "one-sided"} <= set(rows["distribution"]["choices"])


def test_names_are_looked_up(site: Site) -> None:
    """The forwarder gets the addresses of each host that a flow names."""
    site.ask("PATCH", "/v1/conditions", json={"flows": {"localhost:udp": {"egress": {"loss": "5%"}}}})
    assert "127.0.0.1" in site.forwarder.names["localhost"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "line"),
    [
        ("PATCH", "/v1/conditions", "", 400, "the body is not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("PATCH", "/v1/conditions", "[]", 422, "[] is not a set of conditions with ingress, egress, flows or seed"),
        (
            "PATCH",
            "/v1/conditions",
            '{"egress": {"loss": "120%"}}',
            422,
            "egress.loss: '120%' is not between 0% and 100%",
        ),
        (
            "PUT",
            "/v1/conditions",
            '{"a\\nb\\ud800": 1}',
            422,
            "a\\nb\\ud800: no such key allowed: ingress, egress, flows, seed",
        ),
        (
            "PUT",
            "/v1/conditions",
            '{"flows": {"\\ud800": {"match": "*:udp"}}}',
            422,
            "flows.\\ud800: is not a name of printable characters",
        ),
        ("POST", "/qos", "{}", 422, "default_link: is missing"),
        (
            "POST",
            "/qos",
            json.dumps(SPEC).replace('"protocol": 17, "port_min": 0', '"protocol": 1, "port_min": 1'),
            422,
            "flows[0].flow: protocol 1 has no ports; those of 6 (TCP), 17 (UDP) and 132 (SCTP) can be given",
        ),
        ("PATCH", "/v1/conditions", '{"flows": {"no-such-host.invalid": {}}}', 422, None),
        ("PATCH", "/v1/conditions", '{"flows": {"a..b": {}}}', 422, None),
        ("PATCH", "/v1/conditions", json.dumps({"flows": {"x" * 64: {}}}), 422, None),
        ("POST", "/qos", "[" * 100_000, 400, None),
        ("PATCH", "/v1/conditions", "[" * 500 + "]" * 500, 400, "the body is nested in more than 16 levels"),
        (
            "PATCH",
            "/v1/conditions?chek=true",
            "{}",
            422,
            "chek: no such parameter; did you mean check? allowed: at, in, lease, keep, check",
        ),
        ("PATCH", "/v1/conditions?check=yes", "{}", 422, "check: 'yes' is not true or false"),
        ("PATCH", "/v1/conditions?lease=10", "{}", 422, "lease: '10' is not a time such as 500ms, 10s, 5min or 1h"),
        ("PATCH", "/v1/conditions?lease=2h", "{}", 422, "lease: 7200 s are not between 0.1 s and 1 h"),
        ("PATCH", "/v1/conditions?in=2h", "{}", 422, None),
        (
            "DELETE",
            "/v1/conditions?at=soon",
            "",
            422,
            "at: 'soon' is not a time of the monotonic clock in nanoseconds, as /v1/clock tells it",
        ),
        ("PUT", "/v1/leases/1?for=10s", "", 404, "no lease or scheduled change 1; there are: none"),
        ("PUT", "/v1/leases/1", "", 422, "for: is missing: say how long, such as ?for=10s"),
        ("DELETE", "/v1/leases/1", "", 404, "no lease or scheduled change 1; there are: none"),
        ("DELETE", "/v1/leases/x", "", 404, "Not Found"),
        ("GET", "/v1/files/train", "", 404, "train: no such file; there are: none"),
        ("DELETE", "/v1/files/train", "", 404, "train: no such file; there are: none"),
        ("PUT", "/v1/files/train", "\0", 400, "the body is not a text in UTF-8"),
        ("PUT", "/v1/files/a b", "x", 422, None),
        ("POST", "/v1/numbers", '{"fps": null}', 422, "fps: None is not a number, a word or an object of them"),
        ("POST", "/v1/numbers", '{"\\ud800": 1}', 422, "\\ud800: is not a name of printable characters"),
        ("POST", "/v1/numbers", '{"a": "\\ud800"}', 422, "a: '\\ud800' is not a number, a word or an object of them"),
        ("DELETE", "/qos", "", 405, "Method Not Allowed"),
        ("GET", "/v1/nothing", "", 404, "Not Found"),
        ("GET", "/top/sideways.profile", "", 404, "no such profile: sideways; there are ingress and egress"),
    ],
)
def test_refuses_with_one_line_and_changes_nothing(
    site: Site, method: str, path: str, body: str, status: int, line: str | None
) -> None:
    """A request that cannot be is a 4xx with one line that says why."""
    answer = site.ask(method, path, content=body)
    error = answer.json()["error"]
    assert answer.status_code == status
    assert line is None or error == line
    assert "\n" not in error
    assert site.forwarder.configured == 0
    assert site.ask("GET", "/v1/numbers").json() == {"values": {}, "age_s": {}}


def test_refuses_a_body_that_is_too_long(site: Site) -> None:
    """Bodies end at a megabyte, those of files at four, whether or not they say how long they are."""

    async def endless() -> Any:
        while True:
            yield b" " * 65536

    for body in (b" " * (requests.MOST_BODY_BYTES + 1), endless()):
        answer = site.ask("PUT", "/v1/conditions", content=body)
        assert (answer.status_code, answer.json()) == (413, {"error": "the body is longer than 1048576 bytes"})
    assert site.ask("PUT", "/v1/conditions", content=b"{}".ljust(requests.MOST_BODY_BYTES)).status_code == 200
    answer = site.ask("PUT", "/v1/files/a", content=b" " * (MOST_BYTES + 1))
    assert (answer.status_code, answer.json()) == (413, {"error": "the body is longer than 4194304 bytes"})


def test_says_when_the_forwarder_does_not_answer(site: Site) -> None:
    """503 after a second; what was asked meanwhile never takes effect."""
    site.forwarder.silent = True
    answer = site.ask("PATCH", "/v1/conditions", json={"egress": {"loss": "5%"}})
    assert answer.status_code == 503
    assert answer.json() == {"error": "the forwarder does not answer; it is restarted within a second"}
    site.forwarder.silent = False
    assert site.ask("GET", "/v1/conditions").json() == {"seed": 5}
    assert site.forwarder.configured == 0


def test_the_application_may_not_change_leases_and_files(site: Site) -> None:
    """It may read them."""
    for method, path in (("PUT", "/v1/leases/1"), ("DELETE", "/v1/leases/1"), ("PUT", "/v1/files/a")):
        assert site.ask(method, path, "127.0.0.1").status_code == 403
    for path in ("/v1/leases", "/v1/files", "/v1/clock"):
        assert site.ask("GET", path, "127.0.0.1").status_code == 200


@pytest.mark.parametrize(
    ("peer", "headers", "line"),
    [
        ("172.18.0.9", {}, "172.18.0.9 may not use this API: only the host that runs the lab may"),
        (HOST, {"Host": "evil.example"}, "host name 'evil.example' is not answered to: use an IP address or localhost"),
        (HOST, {"Host": "["}, "host name '[' is not answered to: use an IP address or localhost"),
        (HOST, {"Origin": "http://evil.example"}, "a page from http://evil.example may not use this API"),
        ("127.0.0.1", {}, "the application in the container may not change its own network"),
    ],
)
def test_turns_others_away(site: Site, peer: str, headers: dict[str, str], line: str) -> None:
    """Neighbours, foreign names, foreign pages and the application itself get a 403 that says why."""
    answer = site.ask("PATCH", "/v1/conditions", peer, headers=headers, json={"egress": {"loss": "5%"}})
    assert (answer.status_code, answer.json()) == (403, {"error": line})
    assert site.forwarder.configured == 0


def test_the_application_publishes_its_numbers(site: Site) -> None:
    """What a page in the container posts the host reads, with its age."""
    answer = site.ask("POST", "/v1/numbers", "127.0.0.1", json={"video": {"client2": {"fps": 15}}})
    assert answer.json() == {"published": True}
    report = site.ask("GET", "/v1/numbers").json()
    assert report["values"] == {"video": {"client2": {"fps": 15}}}
    assert 0 <= report["age_s"]["video"] < 5


def test_qos_round_trips(site: Site) -> None:
    """POST answers `OK` as text, and GET the very spec."""
    answer = site.ask("POST", "/qos", json=SPEC)
    assert (answer.status_code, answer.content) == (200, b"OK")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    read = site.ask("GET", "/qos")
    assert read.headers["content-type"] == "application/json"
    assert read.json() == SPEC


def test_qos_of_an_untouched_client_is_the_perfect_spec(site: Site) -> None:
    """Byte for byte what existing scripts parse."""
    perfect = '{"rate":10000000000,"loss":0.0,"latency":0,"jitter":0,"jitter_strength":0.0,"reorder_packets":false}'
    links = f'{{"ingress":{perfect},"egress":{perfect}}}'
    assert site.ask("GET", "/qos").text == f'{{"default_link":{links},"flows":[]}}'


def test_qos_says_when_it_has_no_words(site: Site) -> None:
    """Conditions that the format cannot say are a 409 that names the way out."""
    site.ask("PUT", "/v1/conditions", json={"egress": {"latency": "1.5ms"}})
    answer = site.ask("GET", "/qos")
    assert (answer.status_code, answer.json()["error"]) == (
        409,
        "the conditions in force have no /qos form (egress: times that are not whole milliseconds); "
        "read /v1/conditions",
    )


def test_top_is_49152_octets(site: Site) -> None:
    """2048 slots of three little-endian words, as octets."""
    answer = site.ask("GET", "/top/ingress.profile")
    words = b"".join(word.to_bytes(8, "little") for word in (3, 1000, 17))
    assert answer.content == words.ljust(49152, b"\0")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert site.ask("GET", "/top/egress.profile").content == bytes(49152)


def test_a_browser_is_led_to_the_control_page(site: Site) -> None:
    """GET / leads to the page, which no other page may frame."""
    answer = site.ask("GET", "/", follow_redirects=True)
    page = Path(syntheticnet.__path__[0]) / "web" / "index.html"
    assert (answer.status_code, answer.text) == (200, page.read_text())
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
