"""What commands work with, in one object that a test replaces: the engine, and the clients' APIs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..engine.api import EngineApi
from ..engine.clock import MACHINE, Clock
from ..engine.containers import Container
from ..engine.docker_engine import Engine
from ..errors import SynthlabError, WrongUse, no_such
from .client_api import ClientApi, http_client_api
from .connections import ClientConnections, is_near


@dataclass(frozen=True, slots=True)
class Backend:
    """Where commands find labs and reach their clients; `is_near` tells whether a client's ports open here."""

    engine: EngineApi
    api: Callable[[Container], ClientApi] = http_client_api
    close: Callable[[], None] = lambda: None
    """Ends all connections; the next question opens one again."""
    is_near: Callable[[Container], bool] = lambda container: True
    clock: Clock = MACHINE
    """Our own, by which several clients change at the same moment."""

    def members(self, wanted: str | None, past: bool = False) -> tuple[str, list[Container]]:
        """The name and the containers of the lab that a command means: one whose time is not over, unless `past`.

        Raises WrongUse when that is not clear.
        """
        containers = self.engine.containers()
        expired = set[str]() if past else _expired(containers)
        living = {container.lab for container in containers} - expired
        over = wanted if wanted in expired else min(expired, default=None) if not living and not wanted else None
        if over is not None:
            raise SynthlabError(
                f"the time of the lab '{over}' is over: bring it up anew with `synthlab up`, "
                f"or remove it with `synthlab down {over}`"
            )
        name = choose_lab(living, wanted)
        return name, [container for container in containers if container.lab == name]

    def expired(self) -> list[str]:
        """The labs whose time is over."""
        return sorted(_expired(self.engine.containers()))

    def remove_expired(self) -> list[str]:
        """Remove the labs whose time is over, and not one that somebody just brings up in the place of one."""
        now = time.time()
        over = {(one.lab, one.made_by) for one in self.engine.containers() if one.expired(now)}
        for lab, made_by in sorted(over):
            self.engine.remove_lab(lab, made_by)
        return sorted({lab for lab, _ in over})


def choose_lab(running: Iterable[str], wanted: str | None) -> str:
    """The lab that a command means: the one that is `wanted`, or the only one that runs. Raises WrongUse."""
    labs = sorted(set(running))
    if wanted is not None:
        if wanted not in labs:
            raise WrongUse(no_such("lab", wanted, labs, where=" is up"))
        return wanted
    if not labs:
        raise WrongUse("no lab is up: bring one up with `synthlab up call.yaml`")
    if len(labs) > 1:
        raise WrongUse(f"several labs are up: {', '.join(labs)}; say which with --lab NAME or SYNTHLAB_LAB")
    return labs[0]


def _expired(containers: Iterable[Container]) -> set[str]:
    now = time.time()
    return {container.lab for container in containers if container.expired(now)}


def docker_backend() -> Backend:
    """Docker, and HTTP to the clients."""
    engine = Engine()
    reach = ClientConnections(engine)

    def close() -> None:
        reach.close()
        engine.close()

    return Backend(engine, reach.api, close, is_near)
