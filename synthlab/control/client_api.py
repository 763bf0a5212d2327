"""The host's client for the API of one container. The only module that uses the HTTP library."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from syntheticnet.conditions import write_duration

from ..engine.clock import MACHINE, Clock
from ..engine.containers import Container
from ..errors import SynthlabError, TooLate, WrongUse
from .addresses import api_url
from .clock_sync import ClockSample
from .state import ClientState
from .versions import unreadable
from .webrtc_stats import Stats

if TYPE_CHECKING:
    from httpx import BaseTransport, Client, Request, Response

    from .exec_tunnel import Relay

TIMEOUT_S = 5.0
TIME_HEADERS = ("x-synthlab-received-ns", "x-synthlab-answered-ns")
"""When the client received a request and when it answered, by its own clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOptions:
    """When a change takes effect, and for how long; `at_ns` is a time on the client's clock.

    For `replace`: `keep` preserves leases and scheduled changes; `restore` accepts the conditions of an earlier state,
    which may contain values without effect.
    """

    at_ns: int | None = None
    after_ns: int | None = None
    lease_ns: int | None = None
    keep: bool = False
    restore: bool = False

    def parameters(self) -> dict[str, str]:
        """The URL's query parameters."""
        at = {} if self.at_ns is None else {"at": str(self.at_ns)}
        spans = {"in": self.after_ns, "lease": self.lease_ns}
        durations = {name: write_duration(span_ns) for name, span_ns in spans.items() if span_ns is not None}
        flags = {"keep": self.keep, "restore": self.restore}
        return at | durations | {name: "true" for name, enabled in flags.items() if enabled}


AT_ONCE = ChangeOptions()


@dataclass(frozen=True, slots=True)
class Observed:
    """A client's state, and its clock compared with the host's by the same request."""

    state: ClientState
    clock: ClockSample


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer that is passed on."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ClientApi(Protocol):
    """The requests to one client. Every method raises SynthlabError, which names the client.

    A change that arrives too long after its `at_ns` raises TooLate.
    """

    def state(self) -> ClientState: ...

    def clock(self) -> ClockSample:
        """Its clock compared with the host's."""
        ...

    def observe(self) -> Observed: ...

    def change(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        """Apply a partial change, in native form; raises WrongUse for an invalid value."""
        ...

    def check(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> Observed:
        """Raise what `change` would raise, but change nothing."""
        ...

    def replace(self, conditions: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        """Replace all conditions, and drop leases and scheduled changes."""
        ...

    def reset(self, options: ChangeOptions = AT_ONCE) -> ClientState:
        """Restore the stack's conditions, and drop leases and scheduled changes."""
        ...

    def release(self, id: int) -> ClientState:
        """Revert a lease, or cancel a scheduled change."""
        ...

    def renew(self, id: int, lease_ns: int) -> None:
        """Make a lease expire `lease_ns` from now."""
        ...

    def put_file(self, name: str, text: str) -> None:
        """Upload a trace or table that conditions refer to by name."""
        ...

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> RawAnswer:
        """Any request, for whoever relays one: its answer as it comes, also where it is a refusal."""
        ...

    def stats(self) -> Stats: ...

    def console(self, after: int = 0) -> dict[str, Any]:
        """The console `entries` of the browser's pages after number `after`, and the `count` of all so far."""
        ...


class _Reply(NamedTuple):
    """A response, with the times of sending and receiving on the host's clock."""

    response: Response
    sent_ns: int
    received_ns: int


class HttpClientApi:
    """The ClientApi of a container, at `url` if it runs. `transport` replaces the network in a test.

    If `relay` returns a relay, requests go through that instead. Client clocks are compared with `clock`.
    """

    def __init__(
        self,
        name: str,
        url: str | None,
        transport: BaseTransport | None = None,
        relay: Callable[[], Relay | None] = lambda: None,
        clock: Clock = MACHINE,
    ) -> None:
        self.name = name
        self.url = url
        self._place = f"at {url}"
        self._transport = transport
        self._relay = relay
        self._clock = clock
        self._new_tunnel = False
        self._connected: Client | None = None
        self._connecting = threading.Lock()

    def state(self) -> ClientState:
        return self._state(self._ask("GET", "/v1/state"))

    def clock(self) -> ClockSample:
        return self._timed("GET", "/v1/clock")[1]

    def observe(self) -> Observed:
        answer, clock = self._timed("GET", "/v1/state")
        return Observed(self._state(answer), clock)

    def change(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        return self._put("PATCH", options, json=change)

    def check(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> Observed:
        parameters = {**options.parameters(), "check": "true"}
        answer, clock = self._timed("PATCH", "/v1/conditions", json=change, params=parameters)
        return Observed(self._state(answer.get("state", {})), clock)

    def replace(self, conditions: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        return self._put("PUT", options, json=conditions)

    def reset(self, options: ChangeOptions = AT_ONCE) -> ClientState:
        return self._put("DELETE", options)

    def release(self, id: int) -> ClientState:
        return self._state(self._ask("DELETE", f"/v1/leases/{id}"))

    def renew(self, id: int, lease_ns: int) -> None:
        self._ask("PUT", f"/v1/leases/{id}", params={"for": write_duration(lease_ns)})

    def put_file(self, name: str, text: str) -> None:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        self._ask("PUT", f"/v1/files/{name}", content=text.encode(), headers=headers)

    def close(self) -> None:
        """Close the connections; the next request opens one again."""
        connected, self._connected = self._connected, None
        if connected is not None:
            connected.close()

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> RawAnswer:
        response = self._exchange(method, target, headers=dict(headers), content=body).response
        return RawAnswer(response.status_code, dict(response.headers), response.content)

    def stats(self) -> Stats:
        return Stats.from_dict(self._ask("GET", "/v1/stats"))

    def console(self, after: int = 0) -> dict[str, Any]:
        return dict(self._ask("GET", "/v1/console", params={"after": str(after)}))

    def _put(self, method: str, options: ChangeOptions, **request: Any) -> ClientState:
        reply = self._exchange(method, "/v1/conditions", params=options.parameters(), **request)
        if late_ns := _late_ns(reply.response, options):
            raise TooLate(self.name, late_ns)
        return self._state(self._answer(reply))

    def _state(self, answer: Mapping[str, Any]) -> ClientState:
        """Parse an answer; one that cannot be parsed comes from another version."""
        try:
            return ClientState.from_dict(answer)
        except (KeyError, TypeError, ValueError) as error:
            raise unreadable(self.name, answer) from error

    def _timed(self, method: str, path: str, **request: Any) -> tuple[dict[str, Any], ClockSample]:
        """The answer, and the clock sample from its headers."""
        reply = self._exchange(method, path, timed=True, **request)
        answer = self._answer(reply)
        try:
            arrived, answered = (int(reply.response.headers[name]) for name in TIME_HEADERS)
        except (KeyError, ValueError) as error:
            raise unreadable(self.name, answer) from error
        return answer, ClockSample(reply.sent_ns, arrived, answered, reply.received_ns)

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        return self._answer(self._exchange(method, path, **request))

    def _exchange(self, method: str, path: str, timed: bool = False, **request: Any) -> _Reply:
        """Send a request, and note when."""
        import httpx

        if self.url is None:
            raise SynthlabError(f"{self.name} has no API: its container is not running (see `synthlab ps`)")
        try:
            client = self._client()
            # The first request also starts the tunnel. Timed, it would look like a slow network, so an untimed
            # request goes first.
            if timed and self._new_tunnel:
                client.get("/v1/clock")
            self._new_tunnel = False
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
            self._new_tunnel = True
            self._transport = cast("BaseTransport", _Relayed(relay))
        # 127.0.0.1 needs neither the host's proxies nor its trust store, which takes 20 ms to load.
        return httpx.Client(
            base_url=self.url or "", timeout=TIMEOUT_S, trust_env=False, verify=False, transport=self._transport
        )


def _late_ns(response: Response, options: ChangeOptions) -> int:
    """How long after its time a refused change was answered; 0 if it was refused for anything else.

    The API refuses an `at` that it cannot keep as an invalid value, but the user did not choose that time: we did.
    """
    if response.status_code != 422 or options.at_ns is None or not response.json()["error"].startswith("at: "):
        return 0
    return max(int(response.headers.get(TIME_HEADERS[1], 0)) - options.at_ns, 0)


def http_client_api(container: Container) -> ClientApi:
    """The API of a container; if it is not running, the first request fails."""
    return HttpClientApi(container.client, api_url(container))


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
