"""The conditions that there are, as the control page needs them."""

from __future__ import annotations

from dataclasses import Field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...conditions import condition_fields
from ..answer_shapes import CONDITION_FIELDS
from ..endpoint import Content, Endpoint


async def get(_: Request) -> Response:
    return JSONResponse({"conditions": [_describe(item) for item in condition_fields()]})


def _describe(item: Field[Any]) -> dict[str, Any]:
    """A condition as the control page needs it: `kind` selects the input, `choices` are the options of a menu."""
    unit = item.metadata["unit"]
    keys = ("name", "help", "example", "needs", "among", "excludes")
    row = {key: item.metadata[key] for key in keys} | {"kind": unit.name}
    if unit.choices:
        row["choices"] = unit.choices
    return row


TABLE = (
    Endpoint(
        "GET",
        "/v1/schema",
        get,
        "every condition, with its help, example and kind",
        answer=Content(CONDITION_FIELDS),
    ),
)
