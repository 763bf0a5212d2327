"""The host's client for the API of one container."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from syntheticnet.conditions import write_duration

from ..engine.clock import MACHINE, Clock
from ..engine.containers import Container
from .addresses import api_url
from .clock_sync import ClockSample
from .http_connection import NOT_RUNNING, HttpConnection, Transport
from .state import ClientState
from .versions import unreadable
from .webrtc_stats import Stats

if TYPE_CHECKING:
    from ..engine.lab_access import LabAccess
    from ..stack.roaming import RoamPlan
    from .exec_tunnel import Relay


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

    def signed(self, by: str) -> ClientApi:
        """The same API; in the client's history its changes are `by` this word."""
        ...

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

    def drop_mappings(self) -> ClientState:
        """Drop all mappings of a router's NAT; raises WrongUse for any other client."""
        ...

    def roam(self, plan: RoamPlan) -> ClientState:
        """Begin to change the network; raises WrongUse if that is not possible."""
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

    def stats(self, judged: bool = False) -> Stats:
        """The client's numbers; with `judged` it takes no pictures for the next five seconds."""
        ...

    def console(self, after: int = 0) -> dict[str, Any]:
        """The console `entries` of the browser's pages after number `after`, and the `count` of all so far."""
        ...


class HttpClientApi:
    """The ClientApi of a container, at `url` if it runs. `transport` replaces the network in a test.

    If `relay` returns a relay, requests go through that instead. `access` is for a container on another machine. Client
    clocks are compared with `clock`. `absent` says why there is no `url`.
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
        self.url = url
        self._connection = HttpConnection(name, url, transport, relay, clock, access, absent)
        self._by: dict[str, str] = {}

    def signed(self, by: str) -> HttpClientApi:
        twin = copy(self)
        twin._by = {"by": by}
        return twin

    def close(self) -> None:
        """Close the connections; the next request opens one again."""
        self._connection.close()

    def state(self) -> ClientState:
        return self._state(self._connection.ask("GET", "/v1/state"))

    def clock(self) -> ClockSample:
        return self._connection.timed("GET", "/v1/clock")[1]

    def observe(self) -> Observed:
        answer, clock = self._connection.timed("GET", "/v1/state")
        return Observed(self._state(answer), clock)

    def change(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        return self._put("PATCH", options, json=change)

    def check(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> Observed:
        parameters = {**options.parameters(), **self._by, "check": "true"}
        answer, clock = self._connection.timed("PATCH", "/v1/conditions", json=change, params=parameters)
        return Observed(self._state(answer.get("state", {})), clock)

    def replace(self, conditions: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        return self._put("PUT", options, json=conditions)

    def reset(self, options: ChangeOptions = AT_ONCE) -> ClientState:
        return self._put("DELETE", options)

    def drop_mappings(self) -> ClientState:
        return self._state(self._connection.ask("DELETE", "/v1/mappings", params=self._by))

    def roam(self, plan: RoamPlan) -> ClientState:
        return self._state(self._connection.ask("POST", "/v1/roam", json=plan.body(), params=self._by))

    def release(self, id: int) -> ClientState:
        return self._state(self._connection.ask("DELETE", f"/v1/leases/{id}", params=self._by))

    def renew(self, id: int, lease_ns: int) -> None:
        self._connection.ask("PUT", f"/v1/leases/{id}", params={"for": write_duration(lease_ns), **self._by})

    def put_file(self, name: str, text: str) -> None:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        self._connection.ask("PUT", f"/v1/files/{name}", content=text.encode(), headers=headers)

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> RawAnswer:
        return RawAnswer(*self._connection.passed_on(method, target, headers=dict(headers), content=body))

    def stats(self, judged: bool = False) -> Stats:
        parameters = {"judged": "true"} if judged else {}
        return Stats.from_dict(self._connection.ask("GET", "/v1/stats", params=parameters))

    def console(self, after: int = 0) -> dict[str, Any]:
        return dict(self._connection.ask("GET", "/v1/console", params={"after": str(after)}))

    def _put(self, method: str, options: ChangeOptions, **request: Any) -> ClientState:
        parameters = {**options.parameters(), **self._by}
        answer = self._connection.ask(method, "/v1/conditions", options.at_ns, params=parameters, **request)
        return self._state(answer)

    def _state(self, answer: Mapping[str, Any]) -> ClientState:
        """Parse an answer; one that cannot be parsed comes from another version."""
        try:
            return ClientState.from_dict(answer)
        except (KeyError, TypeError, ValueError) as error:
            raise unreadable(self.name, answer) from error


def http_client_api(container: Container) -> ClientApi:
    """The API of a container; if it is not running, the first request fails."""
    return HttpClientApi(container.client, api_url(container))
