"""Parses a request to the API: its body, and the query parameters of a change; invalid input is a 4xx."""

from __future__ import annotations

import json
import re
import time
from codecs import getincrementaldecoder
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from ..conditions import ConditionsError, parse_duration, refuse_unknown
from ..conditions.errors import shortened
from .parameter_shapes import OPTIONS, WORD

MOST_BODY_BYTES = 1 << 20
MOST_NESTED = 16
_PIECE = 1 << 16

_WORD = re.compile(WORD)


async def json_of(request: Request) -> Any:
    """The JSON body; a 4xx if it is invalid, too long or too deeply nested."""
    try:
        value = json.loads(await body_of(request))
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"the body is not JSON: {error}") from None
    if _is_deep(value, MOST_NESTED):
        raise HTTPException(400, f"the body is nested too deeply: at most {MOST_NESTED} levels are allowed")
    return value


async def text_of(request: Request, most: int) -> bytearray:
    """The body, UTF-8 text of at most `most` bytes; a 4xx if it is longer or not text."""
    body = await body_of(request, most)
    decoder = getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), _PIECE):
            decoder.decode(body[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        body = bytearray(1)
    if 0 in body:
        raise HTTPException(400, "the body is not UTF-8 text without NUL characters")
    return body


def options_of(parameters: Mapping[str, str]) -> dict[str, Any]:
    """When a change takes effect, for how long, and who asks, in the forwarder's terms; raises ConditionsError."""
    refuse_unknown(parameters, OPTIONS, "parameter")
    switches = {name: switched_on(parameters, name) for name in ("check", "keep", "restore")}
    return {
        "at_ns": _at(parameters),
        "lease_ns": duration_of(parameters, "lease"),
        "keep": switches["keep"],
        "by": by_of(parameters),
    }


def switched_on(parameters: Mapping[str, str], name: str) -> bool:
    """False if the parameter is missing. Raises ConditionsError."""
    text = parameters.get(name, "false")
    if text not in ("true", "false"):
        raise ConditionsError(f"{text!r} is not true or false", name)
    return text == "true"


def duration_of(parameters: Mapping[str, str], name: str) -> int | None:
    """Nanoseconds; None if the parameter is missing. Raises ConditionsError."""
    if name not in parameters:
        return None
    try:
        return parse_duration(parameters[name])
    except ConditionsError as error:
        raise error.under(name) from None


def number_of(parameters: Mapping[str, str], name: str) -> int:
    """The number of an entry; 0 if the parameter is missing. Raises ConditionsError."""
    text = parameters.get(name, "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise ConditionsError(f"{text!r} is not a number such as 12", name)
    return int(text)


def by_of(parameters: Mapping[str, str]) -> str:
    """Who asks, in a word; raises ConditionsError."""
    by = parameters.get("by", "api")
    if not _WORD.fullmatch(by):
        what = "is not a word such as page: a to z, 0 to 9 and -, at most 32, the first one a letter"
        raise ConditionsError(f"{shortened(by)!r} {what}", "by")
    return by


async def body_of(request: Request, most: int = MOST_BODY_BYTES) -> bytearray:
    """The body; a 4xx if it is longer than `most` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        # Counted as it arrives: Content-Length may be missing.
        if len(body) > most:
            raise HTTPException(413, f"the body is longer than {most} bytes")
    return body


def _is_deep(value: Any, most: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return most < 0 or any(_is_deep(item, most - 1) for item in inner)


def _at(parameters: Mapping[str, str]) -> int | None:
    ahead = duration_of(parameters, "in")
    if ahead is not None:
        return time.monotonic_ns() + ahead
    if "at" not in parameters:
        return None
    if not (parameters["at"].isascii() and parameters["at"].isdecimal() and len(parameters["at"]) < 20):
        what = "is not a time in nanoseconds; GET /v1/clock returns the current one"
        raise ConditionsError(f"{parameters['at']!r} {what}", "at")
    return int(parameters["at"])
