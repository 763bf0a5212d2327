"""Requests that the API refuses: one line says why, and nothing changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syntheticnet.api import change_relay, parameters
from syntheticnet.conditions import MOST_BYTES

from ..site import HOST, SPEC, Site


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "line"),
    [
        ("PATCH", "/v1/conditions", "", 400, "the body is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (
            "PATCH",
            "/v1/conditions",
            "[]",
            422,
            "[] is not a mapping with ingress, egress, muted, flows, order, states, state, dns, nat or seed",
        ),
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
            "a\\nb\\ud800: no such key; allowed: ingress, egress, muted, flows, order, states, state, dns, nat, seed",
        ),
        (
            "PUT",
            "/v1/conditions",
            '{"flows": {"\\ud800": {"match": "*:udp"}}}',
            422,
            "flows.\\ud800: has characters that are not printable",
        ),
        ("POST", "/qos", "{}", 422, "default_link: is missing"),
        (
            "POST",
            "/qos",
            json.dumps(SPEC).replace('"protocol": 17, "port_min": 0', '"protocol": 1, "port_min": 1'),
            422,
            "flows[0].flow: protocol 1 has no ports; only 6 (TCP), 17 (UDP) and 132 (SCTP) do",
        ),
        ("PATCH", "/v1/conditions", '{"flows": {"no-such-host.invalid": {}}}', 422, None),
        ("PATCH", "/v1/conditions", '{"flows": {"a..b": {}}}', 422, None),
        ("PATCH", "/v1/conditions", json.dumps({"flows": {"x" * 64: {}}}), 422, None),
        ("POST", "/qos", "[" * 100_000, 400, None),
        (
            "PATCH",
            "/v1/conditions",
            "[" * 500 + "]" * 500,
            400,
            "the body is nested too deeply: at most 16 levels are allowed",
        ),
        (
            "PATCH",
            "/v1/conditions?chek=true",
            "{}",
            422,
            "chek: no such parameter; did you mean check?; allowed: at, in, lease, keep, restore, check, by",
        ),
        ("PATCH", "/v1/conditions?check=yes", "{}", 422, "check: 'yes' is not true or false"),
        (
            "DELETE",
            "/v1/conditions?by=Me",
            "",
            422,
            "by: 'Me' is not a word such as page: a to z, 0 to 9 and -, at most 32, the first one a letter",
        ),
        ("PATCH", "/v1/conditions?by=", "{}", 422, None),
        ("PATCH", "/v1/conditions?by=" + "x" * 33, "{}", 422, None),
        ("PATCH", "/v1/conditions?by=%D9%A1", "{}", 422, None),
        ("PUT", "/v1/leases/1?for=10s&by=1", "", 422, None),
        ("DELETE", "/v1/leases/1?by=-", "", 422, None),
        ("DELETE", "/v1/leases/1?for=10s", "", 422, "for: no such parameter; allowed: by"),
        ("PATCH", "/v1/conditions?lease=10", "{}", 422, "lease: '10' is not a time such as 500ms, 10s, 5min or 1h"),
        ("PATCH", "/v1/conditions?lease=2h", "{}", 422, "lease: 7200 s is not between 0.1 s and 1 h"),
        ("PATCH", "/v1/conditions?in=2h", "{}", 422, None),
        (
            "DELETE",
            "/v1/conditions?at=soon",
            "",
            422,
            "at: 'soon' is not a time in nanoseconds; GET /v1/clock returns the current one",
        ),
        ("PUT", "/v1/leases/1?for=10s", "", 404, "no lease or scheduled change 1; there are: none"),
        ("PUT", "/v1/leases/1", "", 422, "for: is missing: give a duration such as ?for=10s"),
        ("DELETE", "/v1/leases/1", "", 404, "no lease or scheduled change 1; there are: none"),
        ("DELETE", "/v1/leases/x", "", 404, "no lease or scheduled change x; there are: none"),
        (
            "DELETE",
            "/v1/leases/" + "5" * 5001,
            "",
            404,
            f"no lease or scheduled change {'5' * 37}...; there are: none",
        ),
        ("PUT", "/v1/leases/%D9%A1?for=10s", "", 404, "no lease or scheduled change \u0661; there are: none"),
        ("PUT", "/v1/leases/-1?for=10s", "", 404, "no lease or scheduled change -1; there are: none"),
        ("PUT", "/v1/leases/1?for=NaN", "", 422, "for: 'NaN' is not a time such as 500ms, 10s, 5min or 1h"),
        ("PUT", "/v1/leases/1?for=" + "9" * 5001 + "s", "", 422, None),
        ("PUT", "/v1/leases/1?for=%D9%A1s", "", 422, None),
        ("PATCH", "/v1/conditions?at=" + "9" * 5001, "{}", 422, None),
        ("PATCH", "/v1/conditions?at=%D9%A1", "{}", 422, None),
        ("PATCH", "/v1/conditions?at=-1", "{}", 422, None),
        ("PATCH", "/v1/conditions?at=1e400", "{}", 422, None),
        ("PATCH", "/v1/conditions?at=" + "9" * 19, "{}", 422, None),
        ("PATCH", "/v1/conditions", '{"seed": ' + "1" * 5001 + "}", 400, None),
        ("PATCH", "/v1/conditions", '{"seed": NaN}', 422, "seed: nan is not a whole number from 0 to 2^63-1"),
        ("PATCH", "/v1/conditions", '{"seed": 1e400}', 422, "seed: inf is not a whole number from 0 to 2^63-1"),
        ("PATCH", "/v1/conditions", '{"egress": {"queue": "' + "9" * 100_000 + 'p"}}', 422, None),
        ("PATCH", "/v1/conditions", '{"egress": {"rate": "' + "9" * 100_000 + 'mbit"}}', 422, None),
        ("PATCH", "/v1/conditions", '{"egress": {"loss": "\u0661%"}}', 422, None),
        ("PATCH", "/v1/conditions", json.dumps({"egress": {"x" * 100_000: 1}}), 422, None),
        ("POST", "/qos", json.dumps(SPEC).replace('"rate": 1000000', '"rate": NaN'), 422, None),
        ("POST", "/qos", json.dumps(SPEC).replace('"latency": 80', '"latency": 1e400'), 422, None),
        ("POST", "/qos", json.dumps(SPEC).replace('"latency": 80', '"latency": NaN'), 422, None),
        (
            "POST",
            "/v1/stats",
            '{"fps": NaN}',
            422,
            "fps: nan is not a finite number, UTF-8 text, a boolean or an object",
        ),
        ("POST", "/v1/stats", '{"fps": 1' + "0" * 400 + "}", 422, None),
        ("GET", "/v1/files/train", "", 404, "train: no such file; uploaded files: none"),
        ("DELETE", "/v1/files/train", "", 404, "train: no such file; uploaded files: none"),
        ("PUT", "/v1/files/train", "\0", 400, "the body is not UTF-8 text without NUL characters"),
        ("PUT", "/v1/files/a b", "x", 422, None),
        (
            "POST",
            "/v1/stats",
            '{"fps": null}',
            422,
            "fps: None is not a finite number, UTF-8 text, a boolean or an object",
        ),
        ("POST", "/v1/stats", '{"\\ud800": 1}', 422, "\\ud800: has characters that are not printable"),
        (
            "POST",
            "/v1/stats",
            '{"a": "\\ud800"}',
            422,
            "a: '\\ud800' is not a finite number, UTF-8 text, a boolean or an object",
        ),
        ("DELETE", "/qos", "", 405, "/qos: DELETE is not supported"),
        ("GET", "/v1/nothing", "", 404, "/v1/nothing: no such path"),
        ("GET", "/top/sideways.profile", "", 404, "no such profile: sideways; expected ingress or egress"),
    ],
)
def test_refuses_with_one_line_and_changes_nothing(
    site: Site, method: str, path: str, body: str, status: int, line: str | None
) -> None:
    """An invalid request gets a 4xx with one line that says why."""
    answer = site.ask(method, path, content=body)
    error = answer.json()["error"]
    assert answer.status_code == status
    assert line is None or error == line
    assert "\n" not in error
    assert len(error) <= 2000
    assert site.forwarder.configured == 0
    assert site.ask("GET", "/v1/stats").json() == {"values": {}, "age_s": {}}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/qos", "GET, HEAD, POST"),
        ("POST", "/v1/conditions", "DELETE, GET, HEAD, PATCH, PUT"),
        ("PATCH", "/v1/files/train", "DELETE, GET, HEAD, PUT"),
        ("POST", "/top/ingress.profile", "GET, HEAD"),
    ],
)
def test_a_wrong_method(site: Site, method: str, path: str, allowed: str) -> None:
    """405 names every method of the path in `Allow`; other errors have no such header."""
    answer = site.ask(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert "allow" not in site.ask("GET", "/v1/nothing").headers


def test_refuses_a_body_that_is_too_long(site: Site) -> None:
    """Bodies are limited to 1 MB, files to 16 MB, with or without Content-Length."""

    async def endless() -> Any:
        while True:
            yield b" " * 65536

    for body in (b" " * (parameters.MOST_BODY_BYTES + 1), endless()):
        answer = site.ask("PUT", "/v1/conditions", content=body)
        assert (answer.status_code, answer.json()) == (413, {"error": "the body is longer than 1048576 bytes"})
    assert site.ask("PUT", "/v1/conditions", content=b"{}".ljust(parameters.MOST_BODY_BYTES)).status_code == 200
    answer = site.ask("PUT", "/v1/files/a", content=b" " * (MOST_BYTES + 1))
    assert (answer.status_code, answer.json()) == (413, {"error": "the body is longer than 16777216 bytes"})


def test_says_when_the_forwarder_does_not_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 after a few seconds; the timed-out change never takes effect."""
    monkeypatch.setattr(change_relay, "WORK_SECONDS", 0.2)
    site.forwarder.silent = True
    answer = site.ask("PATCH", "/v1/conditions", json={"egress": {"loss": "5%"}})
    assert answer.status_code == 503
    line = "the forwarder does not answer: it is busy or restarting; try again in three seconds"
    assert answer.json() == {"error": line}
    site.forwarder.silent = False
    assert site.ask("GET", "/v1/conditions").json() == {"seed": 5}
    assert site.forwarder.configured == 0


def test_the_application_may_not_change_leases_and_files(site: Site) -> None:
    """The application may read leases and files only."""
    for method, path in (("PUT", "/v1/leases/1"), ("DELETE", "/v1/leases/1"), ("PUT", "/v1/files/a")):
        assert site.ask(method, path, "127.0.0.1").status_code == 403
    for path in ("/v1/leases", "/v1/files", "/v1/clock"):
        assert site.ask("GET", path, "127.0.0.1").status_code == 200


@pytest.mark.parametrize(
    ("peer", "headers", "line"),
    [
        ("172.18.0.9", {}, "172.18.0.9 may not use this API: only the host that runs the lab may"),
        (HOST, {"Host": "evil.example"}, "host name 'evil.example' is not accepted; use an IP address or localhost"),
        (HOST, {"Host": "["}, "host name '[' is not accepted; use an IP address or localhost"),
        (HOST, {"Origin": "http://evil.example"}, "a page from http://evil.example may not use this API"),
        ("127.0.0.1", {}, "the application may not change its own network, unless the stack has `self_control: true`"),
    ],
)
def test_refuses_others(site: Site, peer: str, headers: dict[str, str], line: str) -> None:
    """Neighbours, foreign host names, foreign pages and the application get a 403 that says why."""
    answer = site.ask("PATCH", "/v1/conditions", peer, headers=headers, json={"egress": {"loss": "5%"}})
    assert (answer.status_code, answer.json()) == (403, {"error": line})
    assert site.forwarder.configured == 0


def test_an_unknown_host_is_reported_first(site: Site) -> None:
    """An unknown host name is the reported error even if the change has another mistake."""
    change = {"flows": {"*:udp": {"egress": {"loss": "1%"}}, "no-such-host.invalid:udp": {}}}
    answer = site.ask("PATCH", "/v1/conditions", json=change)
    line = "flows.no-such-host.invalid:udp: cannot resolve host name 'no-such-host.invalid' on this network"
    assert (answer.status_code, answer.json()["error"]) == (422, line)
    named = site.ask("PATCH", "/v1/conditions", json={"flows": {"*:udp": {}, "localhost:udp": {}}})
    assert named.json()["error"].startswith("flows.localhost:udp: never matches: ")
