"""The API of one client's container, as spoken from the host. The only place that knows the HTTP library."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from ..engine.containers import Container
from ..errors import SynthlabError, WrongUse
from .addresses import api_url
from .state import ClientState
from .versions import UNKNOWN, describe_mismatch
from .webrtc_stats import Stats

if TYPE_CHECKING:
    from httpx import BaseTransport, Client, Request, Response

    from .exec_tunnel import Relay

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOptions:
    """When a change takes effect, and for how long; times as people write them (`10s`), `at_ns` on the client's clock.

    With `keep` whole conditions leave leases and scheduled changes as they are.
    """

    at_ns: int | None = None
    after: str | None = None
    lease: str | None = None
    keep: bool = False

    def parameters(self) -> dict[str, str]:
        """What the API is asked behind the `?`."""
        times = {"at": self.at_ns, "in": self.after, "lease": self.lease}
        given = {name: str(value) for name, value in times.items() if value is not None}
        return given | ({"keep": "true"} if self.keep else {})


AT_ONCE = ChangeOptions()


class ClientApi(Protocol):
    """What can be asked of one client. Every method raises SynthlabError that names the client."""

    def state(self) -> ClientState: ...

    def clock(self) -> int:
        """What its clock shows, in ns."""
        ...

    def change(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        """Put a partial change, in native form, into the conditions; WrongUse when a value is refused."""
        ...

    def check(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> None:
        """Raise what `change` would raise, and change nothing."""
        ...

    def replace(self, conditions: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        """Put whole conditions in place of those in force, and drop leases and scheduled changes."""
        ...

    def reset(self, options: ChangeOptions = AT_ONCE) -> ClientState:
        """Go back to the conditions that the stack gave at the start; drops leases and scheduled changes, too."""
        ...

    def release(self, id: int) -> ClientState:
        """Take a lease or a scheduled change back."""
        ...

    def renew(self, id: int, lease: str) -> None:
        """Let a lease last so long from now."""
        ...

    def put_file(self, name: str, text: str) -> None:
        """Keep a trace or table that conditions may name."""
        ...

    def stats(self) -> Stats: ...

    def console(self, after: int = 0) -> dict[str, Any]:
        """What pages wrote to their console behind the entry of a number: `entries`, and the `count` of all so far."""
        ...


class HttpClientApi:
    """The ClientApi of a container, at `url` if it runs. `transport` replaces the network in a test.

    Where `relay` gives one, it is asked through that instead.
    """

    def __init__(
        self,
        name: str,
        url: str | None,
        transport: BaseTransport | None = None,
        relay: Callable[[], Relay | None] = lambda: None,
    ) -> None:
        self.name = name
        self.url = url
        self._place = f"at {url}"
        self._transport = transport
        self._relay = relay
        self._connected: Client | None = None
        self._connecting = threading.Lock()

    def state(self) -> ClientState:
        return self._state(self._ask("GET", "/v1/state"))

    def clock(self) -> int:
        return int(self._ask("GET", "/v1/clock")["monotonic_ns"])

    def change(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        return self._put("PATCH", options, json=change)

    def check(self, change: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> None:
        self._ask("PATCH", "/v1/conditions", json=change, params={**options.parameters(), "check": "true"})

    def replace(self, conditions: Mapping[str, Any], options: ChangeOptions = AT_ONCE) -> ClientState:
        return self._put("PUT", options, json=conditions)

    def reset(self, options: ChangeOptions = AT_ONCE) -> ClientState:
        return self._put("DELETE", options)

    def release(self, id: int) -> ClientState:
        return self._state(self._ask("DELETE", f"/v1/leases/{id}"))

    def renew(self, id: int, lease: str) -> None:
        self._ask("PUT", f"/v1/leases/{id}", params={"for": lease})

    def put_file(self, name: str, text: str) -> None:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        self._ask("PUT", f"/v1/files/{name}", content=text.encode(), headers=headers)

    def close(self) -> None:
        """End the connections; the next question opens one again."""
        connected, self._connected = self._connected, None
        if connected is not None:
            connected.close()

    def stats(self) -> Stats:
        return Stats.from_dict(self._ask("GET", "/v1/stats"))

    def console(self, after: int = 0) -> dict[str, Any]:
        return dict(self._ask("GET", "/v1/console", params={"after": str(after)}))

    def _put(self, method: str, options: ChangeOptions, **request: Any) -> ClientState:
        answer = self._ask(method, "/v1/conditions", params=options.parameters(), **request)
        return self._state(answer)

    def _state(self, answer: Mapping[str, Any]) -> ClientState:
        """An answer that cannot be understood is that of another version."""
        try:
            return ClientState.from_dict(answer)
        except (KeyError, TypeError, ValueError) as error:
            message = describe_mismatch({self.name: str(answer.get("version") or UNKNOWN)})
            raise SynthlabError(f"{self.name} tells of its state what cannot be understood; {message}") from error

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        import httpx

        if self.url is None:
            raise SynthlabError(f"{self.name} has no API: its container does not run (`synthlab ps` tells more)")
        try:
            response = self._client().request(method, path, **request)
        except httpx.TimeoutException:
            raise SynthlabError(f"{self.name}: its API {self._place} does not answer within {TIMEOUT_S:g} s") from None
        except httpx.HTTPError as error:
            raise SynthlabError(f"{self.name}: its API {self._place} does not answer: {error}") from None
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
        raise SynthlabError(f"{self.name}: {self.url} answers something that is not synthlab's API")

    def _client(self) -> Client:
        """The one that all threads share."""
        with self._connecting:
            if self._connected is None:
                self._connected = self._connect()
            return self._connected

    def _connect(self) -> Client:
        import httpx

        if relay := self._relay():
            self._place = "through the engine"
            self._transport = cast("BaseTransport", _Relayed(relay))
        # The host's proxies are not for 127.0.0.1, nor is its trust store: loading that takes 20 ms.
        return httpx.Client(
            base_url=self.url or "", timeout=TIMEOUT_S, trust_env=False, verify=False, transport=self._transport
        )


def http_client_api(container: Container) -> ClientApi:
    """The API of a client's container, which may not run: that is told when the API is asked."""
    return HttpClientApi(container.client, api_url(container))


class _Relayed:
    """An httpx transport by way of a relay. It is no subclass, for httpx is imported only by who asks."""

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
        """The relay serves others, too."""
