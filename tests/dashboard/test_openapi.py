"""The description of the lab API, which is made from its table."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import validator_for

from synthlab.dashboard.routes import endpoints
from synthlab.dashboard.schemas import check
from synthlab.errors import WrongUse

from .served import Served

PAGE = (Path(__file__).parents[2] / "docs" / "lab-api.md").read_text()


@pytest.fixture
def document(shared: Served) -> Any:
    return shared.ask("GET", "/v1/openapi.json")


def test_every_endpoint_is_described(document: Any) -> None:
    """Path, method and what it does; WebSockets cannot be."""
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    for endpoint in endpoints():
        path = re.sub(r"\{(\w+):path\}", r"{\1}", endpoint.path)
        method = "PATCH" if endpoint.method == "ANY" else endpoint.method
        assert method == "WEBSOCKET" or (method, path) in described
        assert endpoint.summary.endswith("."), endpoint
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    assert len({one["operationId"] for one in operations}) == len(operations)


def test_every_endpoint_is_documented() -> None:
    """The page has each path; those of actions on a container share a row."""
    documented = set(re.findall(r"(/(?:v1|metrics)[^` ]*)", PAGE))
    for endpoint in endpoints():
        path = re.sub(r"\{(\w+):path\}", r"{\1}", endpoint.path)
        assert re.sub(r"/(unpause|stop|start|restart)$", "/pause", path) in documented


def test_schemas(document: Any) -> None:
    """Every schema is valid, and every parameter of a path is described."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))
            contents = [answer["content"] for answer in operation["responses"].values()]
            for content in (*contents, operation.get("requestBody", {}).get("content", {})):
                for media in content.values():
                    if "$ref" not in media["schema"]:
                        validator_for(media["schema"])


VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**6,
    "",
    "all",
    "x" * 20_000,
    [],
    ["client1"],
    [1],
    {},
    {"a": "client1", "b": "sfu"},
    {"clients": "all", "change": {}},
    {"clients": ["client1"], "for": "10s", "extra": 1},
    {"leases": {"client1": 1}, "for": "2s"},
    {"leases": {"client1": True}, "for": "2s"},
    {"leases": {}, "for": "2s"},
    {"stack": "call.yaml", "variables": {"A": "b"}, "keep": True},
    {"stack": "call.yaml", "variables": {"A": 1}},
    {"scenario": "x", "seed": 2**63},
    {"scenario": "x", "seed": 3},
)


@pytest.mark.parametrize("endpoint", [one for one in endpoints() if one.body], ids=lambda one: one.method + one.path)
def test_what_is_checked_is_what_is_described(endpoint: Any) -> None:
    """Our check of a body agrees with a full implementation of JSON Schema."""
    reference = validator_for(endpoint.body)
    for value in VALUES:
        try:
            check(value, endpoint.body)
            accepted = True
        except WrongUse:
            accepted = False
        assert accepted == reference.is_valid(value), value
