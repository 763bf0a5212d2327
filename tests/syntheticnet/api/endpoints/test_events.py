"""Events over HTTP, from a real server on loopback."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise

import pytest

from syntheticnet.api import http_connection
from syntheticnet.api.event_hub import MOST_READERS

from ...served_site import EventStream, ServedSite
from ...site import Site

LOSS = {"egress": {"loss": "5%"}}
MOST_LATE_S = 0.1


def change(served: ServedSite, query: str = "", loss: str = "5%") -> None:
    served.ask("PATCH", f"/v1/conditions{query}", json={"egress": {"loss": loss}}).raise_for_status()


def add_flows(served: ServedSite, count: int) -> None:
    """A state of about 1 kB for each."""
    flows = {f"*:udp:{port}": {"egress": {"loss": "1%"}} for port in range(1, count + 1)}
    served.ask("PATCH", "/v1/conditions", json={"flows": flows}).raise_for_status()


def loss_of(stream: EventStream) -> str | None:
    """The loss in force, as the next state has it."""
    loss: str | None = stream.next("state")["conditions"].get("egress", {}).get("loss")
    return loss


def after(stream: EventStream, expected: str | None) -> float:
    """Seconds until a state has this loss."""
    began = time.monotonic()
    while loss_of(stream) != expected:
        assert time.monotonic() - began < 5
    return time.monotonic() - began


def comes_at_once(served: ServedSite, measure: Callable[[], float]) -> bool:
    """Whether it takes at most 100 ms in one of some attempts, or as long as five requests on a busy machine."""
    for _ in range(10):
        late = measure()
        began = time.monotonic()
        served.ask("GET", "/v1/state")
        if late <= max(MOST_LATE_S, 5 * (time.monotonic() - began)):
            return True
    return False


def settled(served: ServedSite, streams: int) -> None:
    """Wait until this many streams are open."""
    deadline = time.monotonic() + 20
    while served.open_requests() != streams:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_known_comes_at_once(served: ServedSite) -> None:
    """State, history, traffic, files and stats, as the other requests answer them."""
    with served.events() as stream:
        events = stream.first(5)
    assert list(events) == ["state", "history", "traffic", "files", "stats"]
    state = served.ask("GET", "/v1/state").json()
    assert events["state"] | {"monotonic_ns": 0} == state | {"monotonic_ns": 0}
    assert events["files"] == served.ask("GET", "/v1/files").json()
    assert events["stats"] == served.ask("GET", "/v1/stats").json()
    assert events["traffic"].keys() == served.ask("GET", "/v1/traffic").json().keys()
    (sample,) = events["history"]["samples"]
    assert sample["panels"]["default"]["egress"] == {"set": {}, "queued": 0}


def test_a_sample_each_second(served: ServedSite) -> None:
    """With what is set and in force; a reader that keeps up misses none."""
    change(served)
    with served.events("?only=sample,history") as stream:
        times = [stream.next("history")["samples"][0]["monotonic_ns"]]
        for _ in range(3):
            sample = stream.next("sample")
            times.append(sample["monotonic_ns"])
    assert sample["panels"]["default"]["egress"]["set"] == {"loss": 0.05}
    assert all(0.9 < (late - early) / 1e9 < 1.6 for early, late in pairwise(times))


def test_a_change_by_another_request_arrives_at_once(served: ServedSite) -> None:
    """Within 100 ms."""
    with served.events() as stream:
        stream.first(5)
        losses = iter(range(1, 100))

        def measure() -> float:
            loss = f"{next(losses)}%"
            began = time.monotonic()
            change(served, loss=loss)
            after(stream, loss)
            return time.monotonic() - began

        assert comes_at_once(served, measure)


def test_the_end_of_a_lease_arrives_at_once(served: ServedSite) -> None:
    """And a scheduled change: within 100 ms of its time."""
    with served.events("?only=state") as stream:

        def measure() -> float:
            change(served, "?in=200ms&lease=300ms")
            begun = served.site.forwarder.controller.deadline()
            late = []
            for at, loss in ((begun, "5%"), (begun + 300_000_000 if begun else None, None)):
                after(stream, loss)
                assert at is not None
                late.append((time.monotonic_ns() - at) / 1e9)
            return max(late)

        assert comes_at_once(served, measure)


def test_an_upload_arrives(served: ServedSite) -> None:
    """So does the removal of a file, and values that the application publishes."""
    with served.events("?only=files,stats") as stream:
        stream.first(2)
        served.ask("PUT", "/v1/files/lte.up", content="1\n2\n")
        assert stream.next("files") == {"files": [{"name": "lte.up", "bytes": 4}]}
        served.ask("DELETE", "/v1/files/lte.up")
        assert stream.next("files") == {"files": []}
        served.ask("POST", "/v1/stats", json={"fps": 15})
        assert stream.next("stats")["values"] == {"fps": 15}


def test_only_limits_the_events(served: ServedSite) -> None:
    """To those named; an unknown one is an error that names the others."""
    with served.events("?only=state,sample") as stream:
        assert {name for name, _ in zip((name for name, _ in stream), range(4), strict=False)} == {"state", "sample"}
    answer = served.ask("GET", "/v1/events?only=states")
    line = "only.states: no such event; did you mean state?; allowed: state, history, sample, traffic, files, stats"
    assert (answer.status_code, answer.json()) == (422, {"error": line})
    assert served.ask("GET", "/v1/events?every=1s").json()["error"].startswith("every: no such parameter")


def test_the_headers(served: ServedSite) -> None:
    """Those of every answer, and that nothing stores the stream; HEAD has no stream."""
    with served.events() as stream:
        headers = stream.answer.headers
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    head = served.ask("HEAD", "/v1/events")
    assert (head.status_code, head.headers["content-type"]) == (200, headers["content-type"])


def test_who_may_read_may_listen(site: Site) -> None:
    """A neighbour and a page of another origin may not."""
    assert site.ask("GET", "/v1/events", peer="172.18.0.9").status_code == 403
    assert site.ask("GET", "/v1/events", headers={"origin": "http://other.example"}).status_code == 403


def test_twenty_readers_and_one_that_does_not_read(served: ServedSite) -> None:
    """Each of the twenty gets each change within 100 ms, whatever the other one does."""
    add_flows(served, 300)
    with ExitStack() as stack:
        stack.enter_context(served.events())
        readers = [stack.enter_context(served.events("?only=state")) for _ in range(20)]
        losses = iter(range(1, 100))

        def measure() -> float:
            loss = f"{next(losses)}%"
            change(served, loss=loss)
            began = time.monotonic()
            for reader in readers:
                after(reader, loss)
            return (time.monotonic() - began) / len(readers)

        assert comes_at_once(served, measure)


def test_a_stream_that_is_closed_is_freed(served: ServedSite) -> None:
    """The 65th is refused in one line, until another one ends."""
    with ExitStack() as stack:
        for _ in range(MOST_READERS):
            stack.enter_context(served.events("?only=files"))
        answer = served.ask("GET", "/v1/events")
        line = "/v1/events: 64 streams are open, and no more are allowed; close one"
        assert (answer.status_code, answer.json()) == (503, {"error": line})
    settled(served, 0)
    with served.events() as stream:
        assert stream.answer.status_code == 200


def test_a_peer_that_reads_nothing_is_cut_off(served: ServedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while (20 s), which frees its stream; until then it costs no more than a full send buffer."""
    monkeypatch.setattr(http_connection, "STALLED_S", 0.5)
    add_flows(served, 300)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", served.port))
        connection.sendall(b"GET /v1/events?only=state HTTP/1.1\r\nHost: localhost\r\n\r\n")
        settled(served, 1)
        deadline = time.monotonic() + 30
        while served.open_requests():
            assert time.monotonic() < deadline
            change(served, loss="1%")
        received = sum(map(len, iter(lambda: connection.recv(1 << 20), b"")))
    assert 0 < received < 20 << 20
