"""The description of the lab API in OpenAPI 3.1, made from the table of endpoints.

Format: https://spec.openapis.org/oas/v3.1.1
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..assets import own_version
from .endpoint import EVERY_METHOD, LabEndpoint
from .schemas import Schema, fields, text

_FAILURES: Mapping[int, str] = {
    400: "the body is not JSON",
    401: "no token",
    403: "a foreign page or host, a file outside the server's folder, or an action with your rights",
    404: "no such lab, client, task or run",
    409: "not at this moment: something is in the way",
    413: "the body is too long",
    422: "a value is wrong",
    503: "the lab or the engine does not answer",
}
_ALWAYS = (400, 401, 403, 404, 422, 503)
_VALUES = {
    "lab": "the name of a lab",
    "client": "the name of a client, or of a server such as `sfu`",
    "id": "the id of a task or run",
    "path": "the rest of the path",
}
_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")


def openapi(endpoints: Iterable[LabEndpoint], url: str) -> dict[str, Any]:
    """The document. WebSockets are left out: OpenAPI cannot describe them."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        if endpoint.method != "WEBSOCKET":
            operations = paths.setdefault(_PLACE.sub(r"{\1}", endpoint.path), {})
            for method in EVERY_METHOD if endpoint.method == "ANY" else (endpoint.method,):
                operations[method.lower()] = _operation(endpoint, method)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "synthlab's lab API",
            "version": own_version(),
            "description": "Every lab of an engine; see docs/lab-api.md.",
        },
        "servers": [{"url": url}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": fields(("error",), error=text("what is wrong, in one line"))},
        },
    }


def _operation(endpoint: LabEndpoint, method: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{endpoint.handler.__module__.rpartition('.')[2]}_{_name(endpoint)}_{method.lower()}",
        "summary": endpoint.summary,
        "parameters": [*map(_in_path, _PLACE.findall(endpoint.path)), *_in_query(endpoint)],
        "responses": {str(endpoint.status): _content(endpoint.summary, endpoint.media, endpoint.answer)},
    }
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": bool(endpoint.body.get("required")),
            "content": {"application/json": {"schema": endpoint.body}},
        }
    failures = {*_ALWAYS, *endpoint.failures, *([413] if endpoint.body is not None else [])}
    if endpoint.method == "ANY":
        # A client answers with any status.
        operation["responses"] = {"default": _content(endpoint.summary, endpoint.media, endpoint.answer)}
    error = {"$ref": "#/components/schemas/Error"}
    operation["responses"] |= {
        str(status): _content(_FAILURES[status], "application/json", error) for status in sorted(failures)
    }
    return operation


def _name(endpoint: LabEndpoint) -> str:
    return "_".join(part for part in re.findall(r"\w+", endpoint.path) if part != "v1")


def _in_path(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": _VALUES[name],
        "schema": {"type": "string", "minLength": 1},
    }


def _in_query(endpoint: LabEndpoint) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "required": name in endpoint.needs,
            "description": schema["description"],
            "schema": schema,
        }
        for name, schema in endpoint.query.items()
    ]


def _content(description: str, media: str, schema: Schema | None) -> dict[str, Any]:
    return {"description": description, "content": {media: {"schema": schema or {}}}}
