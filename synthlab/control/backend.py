"""The engine and the clients' APIs in one object, so that tests can replace both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..engine.api import EngineApi
from ..engine.clock import MACHINE, Clock
from ..engine.containers import Container
from ..engine.factory import make_engine
from ..errors import SynthlabError, WrongUse, no_such
from .client_api import ClientApi, http_client_api
from .connections import ClientConnections, is_near


@dataclass(frozen=True, slots=True)
class Backend:
    """How commands find labs and reach their clients; `is_near` is whether a client's ports open on this machine."""

    engine: EngineApi
    api: Callable[[Container], ClientApi] = http_client_api
    close: Callable[[], None] = lambda: None
    """Closes all connections; the next request opens one again."""
    is_near: Callable[[Container], bool] = lambda container: True
    clock: Clock = MACHINE
    """The host's clock, used to change several clients at the same moment."""
    by: str = "api"
    """Who makes the changes, in the clients' history: a word such as `command` or `python`."""

    def members(self, wanted: str | None, past: bool = False) -> tuple[str, list[Container]]:
        """The name and containers of the lab called `wanted`, or of the only lab; skips expired labs unless `past`.

        Raises WrongUse if no lab or several match, SynthlabError if the lab has expired.
        """
        containers = self.engine.containers()
        expired = set[str]() if past else _expired(containers)
        living = {container.lab for container in containers} - expired
        over = wanted if wanted in expired else min(expired, default=None) if not living and not wanted else None
        if over is not None:
            raise SynthlabError(
                f"the lab '{over}' has expired: start it again with `synthlab up`, "
                f"or remove it with `synthlab down {over}`"
            )
        name = choose_lab(living, wanted)
        return name, [container for container in containers if container.lab == name]

    def expired(self) -> list[str]:
        """The names of expired labs."""
        return sorted(_expired(self.engine.containers()))

    def remove_expired(self) -> list[str]:
        """Remove expired labs; returns their names."""
        now = time.time()
        # `made_by` keeps this from removing a lab of the same name that somebody else is starting right now.
        over = {(container.lab, container.made_by) for container in self.engine.containers() if container.expired(now)}
        for lab, made_by in sorted(over):
            self.engine.remove_lab(lab, made_by)
        return sorted({lab for lab, _ in over})


def choose_lab(running: Iterable[str], wanted: str | None) -> str:
    """The lab called `wanted`, or the only one running. Raises WrongUse."""
    labs = sorted(set(running))
    if wanted is not None:
        if wanted not in labs:
            raise WrongUse(no_such("lab", wanted, labs, where=" is up"))
        return wanted
    if not labs:
        raise WrongUse("no lab is up: start one with `synthlab up call.yaml`")
    if len(labs) > 1:
        raise WrongUse(f"several labs are up: {', '.join(labs)}; choose one with --lab NAME or SYNTHLAB_LAB")
    return labs[0]


def _expired(containers: Iterable[Container]) -> set[str]:
    now = time.time()
    return {container.lab for container in containers if container.expired(now)}


def make_backend(by: str = "api") -> Backend:
    """The container engine, and HTTP to the clients, for changes made by `by`."""
    engine = make_engine()
    connections = ClientConnections(engine)

    def close() -> None:
        connections.close()
        engine.close()

    return Backend(engine, connections.api, close, is_near, by=by)
