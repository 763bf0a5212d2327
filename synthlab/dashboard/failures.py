"""What goes wrong with a request, and its answer: a 4xx or 503 with one line."""

from __future__ import annotations

import sys
import traceback
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from ..errors import SynthlabError, WrongUse
from ..text.escaping import shown


class RequestFailed(WrongUse):
    """A request refused with a status of its own."""

    status = 422


class NotThere(RequestFailed):
    """No such lab, client, task or run."""

    status = 404


class NotAllowed(RequestFailed):
    """A file outside the server's folder, or an action with the user's rights."""

    status = 403


class InTheWay(RequestFailed):
    """It cannot be done at this moment: the lab is up already, a scenario is running, nothing is paused."""

    status = 409


def failure(error: Exception, path: str, method: str) -> Response:
    """The answer for an error of a handler. A fault of ours is reported on stderr, and is no reason for a 500."""
    match error:
        case RequestFailed():
            return refusal(error.message, error.status)
        case WrongUse():
            return refusal(error.message, 422)
        case SynthlabError():
            return refusal(": ".join([error.message, *error.details[-1:]]), 503)
        case HTTPException():
            return refusal(_http(error, path, method), error.status_code)
        case ClientDisconnect():
            return refusal("the client is gone", 400)
        case _:
            traceback.print_exception(error, file=sys.stderr)
            return refusal(f"a fault of synthlab: {type(error).__name__}: {error}", 503)


def refusal(message: str, status: int) -> Response:
    return JSONResponse({"error": shown(message)}, status)


def _http(error: HTTPException, path: str, method: str) -> str:
    if error.detail != HTTPStatus(error.status_code).phrase:
        return error.detail
    # Raised by the router, which gives no reason.
    return f"{path}: {'no such path' if error.status_code == 404 else f'{method} is not supported'}"
