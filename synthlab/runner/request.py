"""Asks an address on behalf of a scenario."""

from __future__ import annotations

from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from ..errors import ExpectationFailed
from ..scenario.actions import Http
from ..text.durations import format_duration, seconds_of

SHOWN = 200
"""Characters of what is told of another answer than was wished."""
_MOST_BYTES = 1 << 16


def request(wish: Http) -> None:
    """Ask, and raise ExpectationFailed where the answer is not the one that is wished."""
    body = None if wish.body is None else wish.body.encode()
    asked = Request(wish.url, data=body, headers=dict(wish.headers), method=wish.method)
    try:
        with urlopen(asked, timeout=seconds_of(wish.within_ns)) as answer:
            status, text = answer.status, answer.read(_MOST_BYTES)
    except HTTPError as error:
        status, text = error.code, error.read(_MOST_BYTES)
        error.close()
    except TimeoutError:
        raise ExpectationFailed(f"no answer within {format_duration(wish.within_ns)}") from None
    except (OSError, HTTPException) as error:
        raise ExpectationFailed(f"no answer: {getattr(error, 'reason', error)}"[:SHOWN]) from None
    if status != wish.status:
        said = f"answered {status}, not {wish.status}: {' '.join(text.decode(errors='replace').split())}"
        raise ExpectationFailed(said[:SHOWN].removesuffix(": "))
