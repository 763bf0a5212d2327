"""Compares answers of the API with its own description."""

from __future__ import annotations

import json
import re
import socket
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from starlette.routing import compile_path

from syntheticnet.api.control_client import ControlClient
from syntheticnet.api.endpoint import Endpoint
from syntheticnet.api.openapi import document
from syntheticnet.api.routes import endpoints
from syntheticnet.api.state_answer import Identity
from syntheticnet.conditions import Conditions

JSON = "application/json"
PAGE = re.compile("/ui/")


def described() -> Description:
    """The description of any client."""
    with socket.socket() as end:
        return Description(endpoints(ControlClient(end), Identity("client1", "call", Conditions())))


class Description:
    """The description of a table of endpoints."""

    def __init__(self, table: tuple[Endpoint, ...]) -> None:
        self.table = table
        # As a client gets it.
        self.document: dict[str, Any] = json.loads(json.dumps(document(table)))

    def check(self, answer: httpx.Response) -> None:
        """Fail unless the answer is one of those described for its request."""
        method, path = answer.request.method, answer.request.url.path
        operation = self._operation(method, path)
        if operation is None:
            assert answer.status_code in (403, 404, 405), (method, path, answer.status_code)
            return
        responses = operation["responses"]
        described = responses.get(str(answer.status_code)) or responses[f"{answer.status_code // 100}XX"]
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if not described.get("content"):
            assert answer.content == b"", (method, path)
        elif not PAGE.match(path):  # of which each file has a type of its own
            assert media_type in described["content"], (method, path, answer.text)
        if media_type == JSON and not PAGE.match(path):
            self.validate(answer.json(), described["content"][JSON]["schema"])

    def validate(self, value: Any, schema: dict[str, Any]) -> None:
        """Fail unless a value is what its schema says."""
        self.validator(json.dumps(schema)).validate(value)

    @cache  # noqa: B019 - a description lives as long as the tests
    def validator(self, schema: str) -> Draft202012Validator:
        whole = json.loads(schema) | {"components": self.document["components"]}
        return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        wanted = "GET" if method == "HEAD" else method
        for endpoint in self.table:
            pattern, written, _ = compile_path(endpoint.path)
            if endpoint.method == wanted and pattern.match(path):
                operation: dict[str, Any] = self.document["paths"][written][wanted.lower()]
                return operation
        return None
