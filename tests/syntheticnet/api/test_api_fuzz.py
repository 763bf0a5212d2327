"""Requests of all kinds, made from the API's own description: none breaks it, and none does what it may not."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ..served_site import ServedSite, serving
from ..site import DESCRIPTION, STARTUP, Site

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
STREAMS = "/v1/events"
ANSWER_S = 10.0
CONDITIONS = {"egress": {"loss": "5%"}, "flows": {"*:udp": {"ingress": {"latency": "20ms"}}}, "seed": 3}

_lookup = socket.getaddrinfo


@pytest.fixture(autouse=True)
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Host names of flows are unknown at once, instead of after seconds."""

    def lookup(host: Any, *arguments: Any, **options: Any) -> Any:
        if host == "127.0.0.1":
            return _lookup(host, *arguments, **options)
        raise socket.gaierror(f"{host} is unknown")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)


def fuzz(served: ServedSite, examples: int) -> int:
    """Send so many requests of each operation and kind; how many were answered."""
    schema = schemathesis.openapi.from_dict(DESCRIPTION.document)
    count = 0
    for result in schema.exclude(path=STREAMS).get_all_operations():
        assert isinstance(result, Ok)
        for mode in GenerationMode:

            @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(case=result.ok().as_strategy(mode))
            def send(case: Any) -> None:
                nonlocal count
                answer = case.call(served.url, timeout=ANSWER_S, allow_redirects=False)
                case.validate_response(answer, checks=CHECKS)
                count += 1

            with suppress(Unsatisfiable):  # a request without parameters and body has nothing to get wrong
                send()
    return count


def test_the_application_changes_nothing(site: Site) -> None:
    """Whatever the application in the container sends, the conditions stay as the host set them."""
    site.ask("PUT", "/v1/conditions", json=CONDITIONS)
    with serving(site) as served:
        assert fuzz(served, 1) > 30
    assert site.forwarder.conditions == CONDITIONS


@contextmanager
def unharmed(served: ServedSite) -> Iterator[None]:
    """Whatever happened, conditions in force are valid, can be put in force again, and can be cleared."""
    yield
    state = served.ask("GET", "/v1/state").json()
    DESCRIPTION.validate(state, {"$ref": "#/components/schemas/State"})
    base = state["base"]
    again = served.ask("PUT", "/v1/conditions?restore=true", json=base)
    assert (again.status_code, again.json()["base"]) == (200, base), again.text
    assert served.ask("DELETE", "/v1/conditions").json()["base"] == STARTUP
    assert served.ask("GET", "/v1/health").json() == {"healthy": True}


def test_no_request_breaks_the_api(served: ServedSite) -> None:
    """Each is answered as described and never with a 5xx."""
    with unharmed(served):
        assert fuzz(served, 3) > 80


@pytest.mark.soak
@pytest.mark.issue(12)
@pytest.mark.timeout(1800)
def test_thousands_of_requests_do_not_break_the_api(served: ServedSite) -> None:
    """The same for long."""
    with unharmed(served):
        assert fuzz(served, 250) > 5000
