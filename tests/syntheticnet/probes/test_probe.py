"""What the host says about probes."""

from __future__ import annotations

import json

import pytest

from syntheticnet.probes.probe import Probe, read_probes

pytestmark = pytest.mark.issue(13)

PACE = {"interval_ms": 500, "timeout_ms": 2000}


def probe(url: str) -> Probe:
    return read_probes(json.dumps([{"name": "web", "url": url, **PACE}]))[0]


def test_a_request() -> None:
    """The port is that of the scheme unless it is named; a fragment is not sent."""
    assert probe("http://web/health?full=1#top") == Probe("web", "http", "web", 80, "/health?full=1", False, 0.5, 2)
    assert probe("https://web:8443") == Probe("web", "http", "web", 8443, "/", True, 0.5, 2)


def test_a_connection() -> None:
    """Of TCP alone, a host and a port."""
    assert probe("tcp://db:5432") == Probe("web", "tcp", "db", 5432, "/", False, 0.5, 2)


@pytest.mark.parametrize(
    ("url", "host"),
    [("http://web/", "web"), ("https://web:443/", "web"), ("http://web:8000/", "web:8000"), ("http://[::1]/", "[::1]")],
)
def test_the_host_of_a_request(url: str, host: str) -> None:
    """A port that goes without saying is left out, as browsers do."""
    assert probe(url).authority == host


def test_none() -> None:
    """Without the variable there are no probes."""
    assert read_probes("") == ()


@pytest.mark.parametrize("url", ["ftp://web/", "tcp://db", "http:///x"])
def test_no_url(url: str) -> None:
    """Something else is refused."""
    with pytest.raises(ValueError, match="is not a URL such as"):
        probe(url)


@pytest.mark.parametrize("text", ["{", "{}x", '[{"name": "web"}]', "[1]", '{"a": 1}'])
def test_no_probes(text: str) -> None:
    """Whatever is not such a list is one error."""
    with pytest.raises(ValueError, match=r"\S"):
        read_probes(text)
