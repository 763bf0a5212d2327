"""Who may use the lab API: whoever has its token, and no page of another site."""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import WrongUse
from .failures import refusal

TOKEN_BYTES = 32
_TOKEN = re.compile(rb"[A-Za-z0-9_-]{32,}")
_MOST_TOKEN_BYTES = 1024
OWN_SITES = ("none", "same-origin")

# The answers of our own handlers; a relayed page brings its own policy.
CLOSED_HEADERS = (
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
POLICY = (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'")


@dataclass(frozen=True, slots=True)
class TokenCheck:
    """The token of one server, and the port by which its host names and its cookie are known."""

    port: int
    token: str

    @classmethod
    def of_port(cls, port: int, token: str | None = None) -> TokenCheck:
        """With this token, or a new one."""
        return cls(port, token or new_token())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cookie(self) -> str:
        """Its name has the port, because cookies are shared by all ports of a host."""
        return f"synthlab-{self.port}"

    def refusal(self, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """Status and reason of a refused request; None if it is allowed.

        Hosts first: a name that was made to point here (DNS rebinding) must not even learn whether a token is right.
        """
        hosts = [f"{name}:{self.port}" for name in ("127.0.0.1", "localhost", "[::1]")]
        host = headers.get("host", "")
        if host not in hosts:
            return 403, f"host name {host!r} is not accepted; use {hosts[0]}"
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if origin is not None and origin != f"http://{host}":
            return 403, f"a page from {origin} may not use this API"
        if site not in OWN_SITES:
            return 403, "a page of another site may not use this API"
        if not self._is_known(headers):
            return 401, "no token: send `Authorization: Bearer TOKEN`, or open the address that the server printed"
        return None

    def is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), self.token.encode())

    def set_cookie(self) -> str:
        return f"{self.cookie}={self.token}; HttpOnly; SameSite=Strict; Path=/"

    def _is_known(self, headers: Mapping[str, str]) -> bool:
        scheme, _, sent = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.is_token(sent.strip())
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        return self.cookie in cookies and self.is_token(cookies[self.cookie].value)


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_in(path: Path) -> str:
    """The token that a file keeps; a new one, for its owner only, if it is empty or missing. Raises WrongUse."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise WrongUse(f"--token-file: {path} is not a file")
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise WrongUse(f"--token-file: others may use {path}, which has the token: run `chmod 600 {path}`")
            token = file.read(_MOST_TOKEN_BYTES).strip()
            if not token:
                token = new_token().encode()
                file.write(token + b"\n")
    except OSError as error:
        raise WrongUse(f"--token-file: {path}: {error.strerror}") from None
    if not _TOKEN.fullmatch(token):
        raise WrongUse(
            f"--token-file: {path} has no token of 32 or more letters, digits, - and _; an empty file gets one"
        )
    return token.decode()


class TokenMiddleware:
    """Refuses requests and WebSockets that the check refuses. The server's own address sets the cookie."""

    def __init__(self, app: ASGIApp, check: TokenCheck) -> None:
        self._app = app
        self._check = check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)

        async def send_closed(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                message["headers"] = _closed(message.get("headers", []))
            await send(message)

        app = self._answer_to_token(scope) or self._app
        if app is self._app and (refused := self._check.refusal(Headers(scope=scope))):
            status, reason = refused
            app = refusal(reason, status)
        return await app(scope, receive, send_closed)

    def _answer_to_token(self, scope: Scope) -> ASGIApp | None:
        """The redirect that keeps the token in a cookie, so that the browser's history and its reload have none."""
        sent = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [])
        if scope["type"] != "http" or scope["path"] != "/" or not sent or not self._check.is_token(sent[0]):
            return None
        as_if = Headers(raw=[*scope["headers"], (b"authorization", f"Bearer {sent[0]}".encode())])
        if self._check.refusal(as_if):
            return None
        return RedirectResponse("/", 303, {"set-cookie": self._check.set_cookie()})


def _closed(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    present = {name.lower() for name, _ in headers}
    return [*headers, *(header for header in (*CLOSED_HEADERS, POLICY) if header[0] not in present)]
