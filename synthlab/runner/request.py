"""Sends the HTTP requests of a scenario."""

from __future__ import annotations

from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from ..errors import ExpectationFailed
from ..scenario.actions import Http
from ..text.durations import format_duration, seconds_of

SHOWN = 200
"""Maximum length of an error about an unexpected response."""
_MOST_BYTES = 1 << 16


def request(http: Http) -> None:
    """Send a request; raises ExpectationFailed without a response or for an unexpected status."""
    body = None if http.body is None else http.body.encode()
    prepared = Request(http.url, data=body, headers=dict(http.headers), method=http.method)
    try:
        with urlopen(prepared, timeout=seconds_of(http.within_ns)) as answer:
            status, text = answer.status, answer.read(_MOST_BYTES)
    except HTTPError as error:
        # A response all the same: a status from 400 on may be the expected one.
        status, text = error.code, error.read(_MOST_BYTES)
        error.close()
    except TimeoutError:
        raise ExpectationFailed(f"no answer within {format_duration(http.within_ns)}") from None
    except (OSError, HTTPException) as error:
        raise ExpectationFailed(f"no answer: {getattr(error, 'reason', error)}"[:SHOWN]) from None
    if status != http.status:
        reason = f"answered {status}, not {http.status}: {' '.join(text.decode(errors='replace').split())}"
        raise ExpectationFailed(reason[:SHOWN].removesuffix(": "))
