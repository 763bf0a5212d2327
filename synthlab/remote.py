"""The API of one client's container, as spoken from the host. The only place that knows the HTTP library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from .errors import SynthlabError, WrongUse
from .numbers import Numbers
from .state import ClientState

if TYPE_CHECKING:
    from httpx import BaseTransport, Client, Response

TIMEOUT_S = 5.0


class ClientApi(Protocol):
    """What can be asked of one client. Every method raises SynthlabError that names the client."""

    def state(self) -> ClientState: ...

    def change(self, change: Mapping[str, Any]) -> ClientState:
        """Put a partial change, in native form, into the conditions; WrongUse when a value is refused."""
        ...

    def check(self, change: Mapping[str, Any]) -> None:
        """Raise what `change` would raise, and change nothing."""
        ...

    def replace(self, conditions: Mapping[str, Any]) -> ClientState:
        """Put whole conditions in place of those in force."""
        ...

    def reset(self) -> ClientState:
        """Go back to the conditions that the stack gave at the start."""
        ...

    def numbers(self) -> Numbers: ...


class Remote:
    """The ClientApi of a container, at `url` if it runs. `transport` replaces the network in a test."""

    def __init__(self, name: str, url: str | None, transport: BaseTransport | None = None) -> None:
        self.name = name
        self.url = url
        self._transport = transport
        self._connected: Client | None = None

    def state(self) -> ClientState:
        return ClientState.from_dict(self._ask("GET", "/v1/state"))

    def change(self, change: Mapping[str, Any]) -> ClientState:
        return ClientState.from_dict(self._ask("PATCH", "/v1/conditions", json=change))

    def check(self, change: Mapping[str, Any]) -> None:
        self._ask("PATCH", "/v1/conditions", json=change, params={"check": "true"})

    def replace(self, conditions: Mapping[str, Any]) -> ClientState:
        return ClientState.from_dict(self._ask("PUT", "/v1/conditions", json=conditions))

    def reset(self) -> ClientState:
        return ClientState.from_dict(self._ask("DELETE", "/v1/conditions"))

    def numbers(self) -> Numbers:
        return Numbers.from_dict(self._ask("GET", "/v1/numbers"))

    def _ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        import httpx

        if self.url is None:
            raise SynthlabError(f"{self.name} has no API: its container does not run (`synthlab ps` tells more)")
        try:
            response = self._client().request(method, path, **request)
        except httpx.TimeoutException:
            raise SynthlabError(f"{self.name}: its API at {self.url} does not answer within {TIMEOUT_S:g} s") from None
        except httpx.HTTPError as error:
            raise SynthlabError(f"{self.name}: its API at {self.url} does not answer: {error}") from None
        answer = self._body(response)
        if response.is_success:
            return answer
        told = answer.get("error", f"{response.status_code} {response.reason_phrase}")
        raise (WrongUse if response.status_code == 422 else SynthlabError)(f"{self.name}: {told}")

    def _body(self, response: Response) -> dict[str, Any]:
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if isinstance(answer, dict):
            return answer
        raise SynthlabError(f"{self.name}: {self.url} answers something that is not synthlab's API")

    def _client(self) -> Client:
        import httpx

        if self._connected is None:
            # The host's proxies are not for 127.0.0.1, nor is its trust store: loading that takes 20 ms.
            self._connected = httpx.Client(
                base_url=self.url or "", timeout=TIMEOUT_S, trust_env=False, verify=False, transport=self._transport
            )
        return self._connected
