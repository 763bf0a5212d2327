"""HTTP to the API of one container: one connection for all threads. The only module that uses the HTTP library."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from ..engine.clock import MACHINE, Clock
from ..errors import SynthlabError, TooLate, WrongUse
from .clock_sync import ClockSample
from .versions import unreadable

if TYPE_CHECKING:
    from httpx import BaseTransport, Client, Request, Response

    from ..engine.lab_access import LabAccess
    from .exec_tunnel import Relay

TIMEOUT_S = 5.0
NOT_RUNNING = "its container is not running (see `synthlab ps`)"
KEPT_S = 3.0
"""How long an idle connection is used again: less than the 5 s after which the API closes it."""
TIME_HEADERS = ("x-synthlab-received-ns", "x-synthlab-answered-ns")
"""When the client received a request and when it answered, by its own clock."""

Transport: TypeAlias = "BaseTransport"
"""What replaces the network in a test."""


class _Reply(NamedTuple):
    """A response, with the times of sending and receiving on the host's clock."""

    response: Response
    sent_ns: int
    received_ns: int


class HttpConnection:
    """Asks the container called `name`, at `url` if it runs, with `transport` in place of the network.

    If `relay` returns a relay, requests go through that instead. With `access` they have its token, and only its
    certificate is accepted. Client clocks are compared with `clock`. `absent` says why there is no `url`.
    """

    def __init__(
        self,
        name: str,
        url: str | None,
        transport: Transport | None = None,
        relay: Callable[[], Relay | None] = lambda: None,
        clock: Clock = MACHINE,
        access: LabAccess | None = None,
        absent: str = NOT_RUNNING,
    ) -> None:
        self.name = name
        self._absent = absent
        self.url = url
        self._place = f"at {url}"
        self._transport = transport
        self._relay = relay
        self._clock = clock
        self._access = access
        self._starts_slowly = access is not None
        self._connected: Client | None = None
        self._connecting = threading.Lock()

    def ask(self, method: str, path: str, at_ns: int | None = None, **request: Any) -> dict[str, Any]:
        """The answer, a JSON object; raises SynthlabError, or WrongUse if the request was refused as invalid.

        A request for the time `at_ns` on the client's clock that arrives too long after it raises TooLate.
        """
        reply = self._exchange(method, path, **request)
        if late_ns := _late_ns(reply.response, at_ns):
            raise TooLate(self.name, late_ns)
        return self._answer(reply)

    def passed_on(self, method: str, target: str, **request: Any) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer, as they come; raises WrongUse if the target is not valid."""
        import httpx

        try:
            response = self._exchange(method, target, **request).response
        except httpx.InvalidURL as error:
            raise WrongUse(f"{self.name}: {target!r}: {error}") from None
        return response.status_code, dict(response.headers), response.content

    def timed(self, method: str, path: str, **request: Any) -> tuple[dict[str, Any], ClockSample]:
        """The answer, and the clock sample from its headers."""
        reply = self._exchange(method, path, timed=True, **request)
        answer = self._answer(reply)
        try:
            arrived, answered = (int(reply.response.headers[name]) for name in TIME_HEADERS)
        except (KeyError, ValueError) as error:
            raise unreadable(self.name, answer) from error
        return answer, ClockSample(reply.sent_ns, arrived, answered, reply.received_ns)

    def close(self) -> None:
        """Close the connections; the next request opens one again."""
        connected, self._connected = self._connected, None
        if connected is not None:
            connected.close()

    def _exchange(self, method: str, path: str, timed: bool = False, **request: Any) -> _Reply:
        """Send a request, and note when."""
        import httpx

        if self.url is None:
            raise SynthlabError(f"{self.name} has no API: {self._absent}")
        try:
            client = self._client()
            # The first request also starts the tunnel or TLS. Timed, it would look like a slow network, so an untimed
            # request goes first.
            if timed and self._starts_slowly:
                client.get("/v1/clock")
            self._starts_slowly = False
            sent_ns = self._clock.now_ns()
            response = client.request(method, path, **request)
            return _Reply(response, sent_ns, self._clock.now_ns())
        except httpx.TimeoutException:
            raise SynthlabError(f"{self.name}: its API {self._place} does not answer within {TIMEOUT_S:g} s") from None
        except httpx.HTTPError as error:
            raise SynthlabError(f"{self.name}: its API {self._place} does not answer: {error}") from None

    def _answer(self, reply: _Reply) -> dict[str, Any]:
        response = reply.response
        answer = self._body(response)
        if response.is_success:
            return answer
        message = answer.get("error", f"{response.status_code} {response.reason_phrase}")
        raise (WrongUse if response.status_code == 422 else SynthlabError)(f"{self.name}: {message}")

    def _body(self, response: Response) -> dict[str, Any]:
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if isinstance(answer, dict):
            return answer
        raise SynthlabError(f"{self.name}: {self.url} is not a synthlab API")

    def _client(self) -> Client:
        """The HTTP client that all threads share."""
        with self._connecting:
            if self._connected is None:
                self._connected = self._connect()
            return self._connected

    def _connect(self) -> Client:
        import httpx

        if relay := self._relay():
            self._place = "through the engine"
            self._starts_slowly = True
            self._transport = cast("BaseTransport", _Relayed(relay))
        # 127.0.0.1 needs neither the host's proxies nor its trust store, which takes 20 ms to load.
        from .tls_access import authorization, only

        access = self._access
        return httpx.Client(
            base_url=self.url or "",
            timeout=TIMEOUT_S,
            trust_env=False,
            verify=only(access.certificate) if access else False,
            headers=authorization(access) if access else None,
            transport=self._transport,
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=KEPT_S),
        )


def _late_ns(response: Response, at_ns: int | None) -> int:
    """How long after its time a refused change was answered; 0 if it was refused for anything else.

    The API refuses an `at` that it cannot keep as an invalid value, but the user did not choose that time: we did.
    """
    if response.status_code != 422 or at_ns is None or not response.json()["error"].startswith("at: "):
        return 0
    return max(int(response.headers.get(TIME_HEADERS[1], 0)) - at_ns, 0)


class _Relayed:
    """An httpx transport through a relay. Not a subclass, because httpx is only imported when a request is made."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def handle_request(self, request: Request) -> Response:
        import httpx

        target = request.url.raw_path.decode()
        headers = {name: value for name, value in request.headers.items() if name == "content-type"}
        try:
            answer = self._relay.ask(request.method, target, headers, request.read(), TIMEOUT_S)
        except TimeoutError:
            raise httpx.ReadTimeout("") from None
        except OSError as error:
            raise httpx.ConnectError(str(error)) from None
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    def close(self) -> None:
        """Does nothing: the relay is shared."""
