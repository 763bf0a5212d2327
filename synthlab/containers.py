"""What runs on the Docker engine: the labs' containers, found by their labels. The only place that knows the SDK."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from . import labels
from .errors import SynthlabError
from .images import LocalImage, is_own

if TYPE_CHECKING:
    from docker import APIClient

STOP_GRACE_S = 2
ENGINE_TIMEOUT_S = 60
_HEALTH = re.compile(r"\((?:health: )?(healthy|unhealthy|starting)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a lab. `health` is empty where the image has no probe; `ports` maps inner to host ports.

    `status` is its state in the engine's words: `Exited (1) 3 seconds ago`.
    """

    id: str
    name: str
    lab: str
    role: str
    client: str
    group: str
    app: str
    stack: str
    index: int
    state: str
    status: str
    health: str
    ports: Mapping[int, int]

    @property
    def ready(self) -> bool:
        """Whether it runs, and is healthy as far as anybody probes."""
        return self.state == "running" and self.health in ("healthy", "")

    @property
    def failed(self) -> bool:
        """Whether it has ended, or its probe has given up."""
        return self.state in ("exited", "dead", "restarting") or self.health == "unhealthy"


class EngineApi(Protocol):
    """What is asked of the engine. Every method raises SynthlabError."""

    def version(self) -> str: ...

    def labs(self) -> list[str]:
        """The labs of which there is anything: containers, or a network or volume that was left behind."""
        ...

    def containers(self, lab: str | None = None) -> list[Container]:
        """The containers of one lab, or of all labs; the media server first, the clients in their order."""
        ...

    def logs(self, container: Container, lines: int = 20) -> list[str]:
        """The last lines that a container wrote."""
        ...

    def image(self, tag: str) -> LocalImage | None:
        """An image that is on the engine, or None."""
        ...

    def discard_image(self, image: LocalImage) -> None:
        """Remove an image that a newer one has replaced, unless something still uses it."""
        ...

    def remove_images(self) -> list[str]:
        """Remove every image that synthlab tags, and say which; what others build FROM them is theirs."""
        ...

    def remove_lab(self, lab: str) -> int:
        """Remove all that bears the lab's label: containers, then networks and volumes. How many containers it had."""
        ...


class Engine:
    """The EngineApi of the engine that the `docker` command talks to as well."""

    def __init__(self) -> None:
        self._connected: APIClient | None = None

    def version(self) -> str:
        with self._asked() as api:
            return str(api.version()["Version"])

    def labs(self) -> list[str]:
        anyones = {"label": labels.LAB}
        with self._asked() as api:
            found = [*api.containers(all=True, filters=anyones), *api.networks(filters=anyones)]
            found += api.volumes(filters=anyones)["Volumes"] or []
        return sorted({thing["Labels"][labels.LAB] for thing in found})

    def containers(self, lab: str | None = None) -> list[Container]:
        wanted = labels.LAB if lab is None else f"{labels.LAB}={lab}"
        with self._asked() as api:
            listed = api.containers(all=True, filters={"label": wanted})
        return sorted(map(read_container, listed), key=lambda container: (container.lab, container.index))

    def logs(self, container: Container, lines: int = 20) -> list[str]:
        with self._asked() as api:
            written: bytes = api.logs(container.id, tail=lines)
        return written.decode(errors="replace").splitlines()

    def image(self, tag: str) -> LocalImage | None:
        from docker.errors import ImageNotFound

        with self._asked() as api:
            try:
                found: dict[str, Any] = api.inspect_image(tag)  # type: ignore[no-untyped-call]
            except ImageNotFound:
                return None
        return LocalImage(found["Id"], (found["Config"].get("Labels") or {}).get(labels.CONTENT))

    def remove_images(self) -> list[str]:
        with self._asked() as api:
            found = api.images(filters={"label": labels.CONTENT})
            tags = sorted(tag for image in found for tag in image["RepoTags"] or [] if is_own(tag))
            for tag in tags:
                api.remove_image(tag, force=True)
        return tags

    def discard_image(self, image: LocalImage) -> None:
        from docker.errors import APIError

        with self._asked() as api, contextlib.suppress(APIError):
            api.remove_image(image.id)

    def remove_lab(self, lab: str) -> int:
        containers = self.containers(lab)
        with ThreadPoolExecutor(max_workers=16) as pool:
            list(pool.map(self._remove_container, containers))
        wanted = {"label": f"{labels.LAB}={lab}"}
        with self._asked() as api:
            _remove_each(api.remove_network, [network["Id"] for network in api.networks(filters=wanted)])
            volumes = api.volumes(filters=wanted)["Volumes"] or []
            _remove_each(api.remove_volume, [volume["Name"] for volume in volumes])
        return len(containers)

    def _remove_container(self, container: Container) -> None:
        with self._asked() as api, _gone_is_fine():
            if container.state == "running":
                api.stop(container.id, timeout=STOP_GRACE_S)
            api.remove_container(container.id, force=True, v=True)

    @contextlib.contextmanager
    def _asked(self) -> Iterator[APIClient]:
        """The engine's API, with what goes wrong told in one line."""
        from docker.errors import APIError, DockerException
        from requests.exceptions import RequestException

        try:
            if self._connected is None:
                self._connected = _connect()
            yield self._connected
        except APIError as error:
            raise SynthlabError(f"the Docker engine refuses: {error.explanation or error}") from error
        except (DockerException, RequestException) as error:
            raise SynthlabError(
                "the Docker engine does not answer: start it and try again (`synthlab doctor` looks closer)"
            ) from error


def read_container(listed: Mapping[str, Any]) -> Container:
    """A container as the engine lists it."""
    marks = listed["Labels"]
    health = _HEALTH.search(listed["Status"])
    published = [port for port in listed["Ports"] if port.get("PublicPort")]
    return Container(
        id=listed["Id"],
        name=listed["Names"][0].removeprefix("/"),
        lab=marks[labels.LAB],
        role=marks.get(labels.ROLE, ""),
        client=marks.get(labels.CLIENT, ""),
        group=marks.get(labels.GROUP, ""),
        app=marks.get(labels.APP, ""),
        stack=marks.get(labels.STACK, ""),
        index=int(marks.get(labels.INDEX, 0)),
        state=listed["State"],
        status=listed["Status"],
        health=health[1] if health else "",
        ports={port["PrivatePort"]: port["PublicPort"] for port in published},
    )


def _connect() -> APIClient:
    """The engine of DOCKER_HOST, else of the current context, as the docker command chooses it."""
    from docker import APIClient, ContextAPI
    from docker.utils import kwargs_from_env

    context = None if os.environ.get("DOCKER_HOST") else ContextAPI.get_current_context()
    chosen: Any = {"base_url": context.Host, "tls": context.TLSConfig or False} if context else kwargs_from_env()
    return APIClient(timeout=ENGINE_TIMEOUT_S, version="auto", **chosen)


def _remove_each(remove: Callable[[str], None], names: list[str]) -> None:
    for name in names:
        with _gone_is_fine():
            remove(name)


@contextlib.contextmanager
def _gone_is_fine() -> Iterator[None]:
    """What somebody else has removed, or is just removing, is as good as removed."""
    from docker.errors import APIError, NotFound

    try:
        yield
    except NotFound:
        pass
    except APIError as error:
        if "already in progress" not in str(error):
            raise
