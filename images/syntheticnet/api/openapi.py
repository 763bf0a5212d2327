"""The description of the API in OpenAPI 3.1, made from its table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..version import VERSION
from .answer_shapes import ERROR
from .endpoint import Content, Endpoint
from .parameter_shapes import Parameter
from .shape import JsonSchema

ABOUT = (
    "Conditions of one client's network: changes apply to packets at once, whole or not at all. The application in the "
    "container may read; only the host may change anything, unless the stack says otherwise."
)


def document(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    parts: dict[str, JsonSchema] = dict(ERROR.parts)
    for endpoint in endpoints:
        paths.setdefault(_path(endpoint), {})[endpoint.method.lower()] = _operation(endpoint)
        for content in (endpoint.body, endpoint.answer):
            parts |= content.shape.parts if content else {}
    return {
        "openapi": "3.1.0",
        "info": {"title": "synthlab client", "version": VERSION, "description": ABOUT},
        "paths": paths,
        "components": {"schemas": parts},
    }


def _path(endpoint: Endpoint) -> str:
    """The path without the names of converters, which OpenAPI does not know."""
    return re.sub(r"{(\w+):\w+}", r"{\1}", endpoint.path)


def _operation(endpoint: Endpoint) -> Mapping[str, Any]:
    operation: dict[str, Any] = {
        "operationId": "_".join([endpoint.method.lower(), *re.findall(r"\w+", _path(endpoint))]),
        "summary": endpoint.summary,
        "responses": {
            str(endpoint.status): {"description": "all is well", **_written(endpoint.answer)},
            "4XX": {"description": "the request is refused, and nothing changed", **_written(Content(ERROR))},
            "503": {"description": "the forwarder does not answer, or too many listen", **_written(Content(ERROR))},
        },
    }
    if endpoint.parameters:
        operation["parameters"] = [_parameter(parameter) for parameter in endpoint.parameters]
    if endpoint.body:
        operation["requestBody"] = {"required": True, **_written(endpoint.body)}
    return operation


def _parameter(parameter: Parameter) -> Mapping[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.needed,
        "description": parameter.help,
        "schema": parameter.shape.schema,
        "example": parameter.shape.example,
    }


def _written(content: Content | None) -> Mapping[str, Any]:
    if content is None:
        return {}
    return {"content": {content.media_type: {"schema": content.shape.schema, "example": content.shape.example}}}
