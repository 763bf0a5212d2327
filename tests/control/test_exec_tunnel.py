"""The host's relay: requests to a real program, and its failures."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from synthlab.control.client_api import HttpClientApi
from synthlab.control.exec_tunnel import Relay
from synthlab.errors import SynthlabError

ECHO = """\
import base64, json, sys
for line in sys.stdin:
    asked = json.loads(line)
    body = base64.b64encode(json.dumps({"monotonic_ns": 7, "asked": asked["target"]}).encode()).decode()
    headers = {"x-synthlab-received-ns": "7", "x-synthlab-answered-ns": "8"}
    print(json.dumps({"status": 200, "headers": headers, "body": body}), flush=True)
"""


@pytest.fixture
def relay(request: pytest.FixtureRequest) -> Iterator[Relay]:
    made = Relay([sys.executable, "-c", request.param])
    yield made
    made.close()


@pytest.mark.parametrize("relay", [ECHO], indirect=True)
def test_questions_and_answers(relay: Relay) -> None:
    """One program answers all requests; after `close`, a new one is started."""
    remote = HttpClientApi("client1", "http://127.0.0.1:3000", relay=lambda: relay)
    samples = [remote.clock(), remote.clock()]
    assert [(sample.arrived, sample.answered) for sample in samples] == [(7, 8)] * 2
    relay.close()
    answer = relay.ask("GET", "/v1/state", {}, b"", 5)
    assert (answer.status, b"/v1/state" in answer.body) == (200, True)


@pytest.mark.parametrize(
    ("relay", "expected"),
    [
        ("import sys; sys.exit('No such container: 1')", "does not answer: No such container: 1"),
        ("", f"does not answer: {sys.executable} -c exited with status 0"),
        ("""print('{"error": "refused"}', flush=True); input()""", "does not answer: refused"),
    ],
    indirect=["relay"],
)
def test_failures(relay: Relay, expected: str) -> None:
    """The error has the last line of the program or the engine."""
    with pytest.raises(SynthlabError) as caught:
        HttpClientApi("client1", "http://127.0.0.1:3000", relay=lambda: relay).clock()
    assert caught.value.message == f"client1: its API through the engine {expected}"


@pytest.mark.parametrize("relay", ["input(); input()"], indirect=True)
def test_silence(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that does not answer times out."""
    monkeypatch.setattr("synthlab.control.exec_tunnel.START_S", 0.2)
    with pytest.raises(TimeoutError):
        relay.ask("GET", "/v1/state", {}, b"", 0.2)
