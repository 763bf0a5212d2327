"""EngineApi for Docker, on the same engine as the `docker` command. The only user of the SDK."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from ..contract import ContainerAction
from ..errors import SynthlabError
from . import labels
from .api import Held
from .compose import ComposeCommands
from .containers import Container, LogQuery, read_container, read_probe
from .docker_advice import DOCKER
from .exec import ProgramCommands
from .host_port import is_free_on
from .image_commands import ImageCommands
from .images import LocalImage, is_own
from .listing import Member, list_members
from .lock import take_lock
from .process import run_program

if TYPE_CHECKING:
    from docker import APIClient

STOP_GRACE_S = 2
ENGINE_TIMEOUT_S = 60
LET_GO_S = 10
_NO_SWARM = (406, 503)  # the engine's answers if it is no manager of a swarm


class Engine(ComposeCommands, ImageCommands, ProgramCommands):
    """The EngineApi of Docker; connects on the first call."""

    command = "docker"
    advice = DOCKER
    port_taken = "port is already allocated"

    def __init__(self) -> None:
        self._connected: APIClient | None = None

    def close(self) -> None:
        if self._connected is not None:
            self._connected.close()
            self._connected = None

    def version(self) -> str:
        with self._asked() as api:
            return str(api.version()["Version"])

    def facts(self) -> dict[str, str]:
        with self._asked() as api:
            info: dict[str, Any] = api.info()
        return {
            "engine": str(info["ServerVersion"]),
            "kernel": str(info["KernelVersion"]),
            "system": str(info["OperatingSystem"]),
            "architecture": str(info["Architecture"]),
            "processors": str(info["NCPU"]),
            "memory": f"{info['MemTotal'] / 2**30:.1f} GiB",
        }

    def address(self) -> str:
        from docker.errors import DockerException

        try:
            address, _ = self._endpoint()
            return address
        except DockerException as error:
            raise SynthlabError(f"the docker command's context cannot be read: {error}") from error

    def folder(self) -> str:
        with self._asked() as api:
            return str(api.info()["DockerRootDir"])

    def is_free(self, port: int) -> bool:
        return is_free_on(self.address(), port)

    def labs(self) -> list[str]:
        any_lab = {"label": labels.LAB}
        with self._asked() as api:
            resources = [*api.containers(all=True, filters=any_lab), *api.networks(filters=any_lab)]
            resources += api.volumes(filters=any_lab)["Volumes"] or []
        return sorted({resource["Labels"][labels.LAB] for resource in resources})

    def containers(self, lab: str | None = None) -> list[Container]:
        return [container for container in self._all_containers(lab) if container.role != labels.SIDECAR]

    def members(self) -> list[Member]:
        return list_members(self.command)

    def _all_containers(self, lab: str | None) -> list[Container]:
        wanted = labels.LAB if lab is None else f"{labels.LAB}={lab}"
        with self._asked() as api:
            listed = api.containers(all=True, filters={"label": wanted})
        return sorted(map(read_container, listed), key=lambda container: (container.lab, container.index))

    def logs(self, container: Container, lines: int = 20) -> list[str]:
        with self._asked() as api:
            written: bytes = api.logs(container.id, tail=lines)
        return written.decode(errors="replace").splitlines()

    def last_probe(self, container: Container) -> list[str]:
        with self._asked() as api:
            return read_probe(api.inspect_container(container.id))

    def read_log(self, container: Container, query: LogQuery) -> Iterator[tuple[str, str]]:
        options: Any = {
            "tail": "all" if query.tail is None else query.tail,
            "follow": query.follow,
            "since": query.since,
        }
        with self._asked() as api:
            for line in split_lines(api.logs(container.id, stream=True, timestamps=True, **options)):
                time, _, text = line.partition(" ")
                yield time, text

    def started_at(self, container: Container) -> float:
        with self._asked() as api:
            started: str = api.inspect_container(container.id)["State"]["StartedAt"]
        return datetime.fromisoformat(started).timestamp()

    def environment(self, container: Container) -> dict[str, str]:
        with self._asked() as api:
            given: list[str] = api.inspect_container(container.id)["Config"]["Env"] or []
        return dict(pair.split("=", 1) for pair in given if "=" in pair)

    def control(self, container: Container, action: ContainerAction) -> None:
        with self._asked() as api:
            grace = {"timeout": STOP_GRACE_S} if action in ("stop", "restart") else {}
            getattr(api, action)(container.id, **grace)

    def control_command(self, container: Container, action: ContainerAction) -> list[str]:
        return [self.command, action, container.id]

    def image(self, tag: str) -> LocalImage | None:
        from docker.errors import ImageNotFound

        with self._asked() as api:
            try:
                found: dict[str, Any] = api.inspect_image(tag)  # type: ignore[no-untyped-call]
            except ImageNotFound:
                return None
        marks = found["Config"].get("Labels") or {}
        conditions = "syntheticnet" in (found["Config"].get("Entrypoint") or ())
        known = marks.get(labels.CONTENT), marks.get(labels.VERSION, ""), found["Size"]
        return LocalImage(found["Id"], *known, conditions)

    def tag_image(self, tag: str, other: str) -> None:
        repository, _, version = other.rpartition(":")
        with self._asked() as api:
            api.tag(tag, repository, version, force=True)

    def own_tags(self) -> list[str]:
        with self._asked() as api:
            found = api.images(filters={"label": labels.CONTENT})
        # Images FROM ours inherit the label; only the tags of our namespace are ours.
        return sorted(tag for image in found for tag in image["RepoTags"] or [] if is_own(tag))

    def remove_images(self) -> list[str]:
        tags = self.own_tags()
        with self._asked() as api:
            for tag in tags:
                api.remove_image(tag, force=True)
        return tags

    def discard_image(self, image: LocalImage) -> None:
        from docker.errors import APIError

        with self._asked() as api, contextlib.suppress(APIError):
            api.remove_image(image.id)

    def remove_lab(self, lab: str, made_by: str = "") -> int:
        """List everything before removing anything: whatever is created meanwhile is not ours."""
        containers = [one for one in self._all_containers(lab) if made_by in ("", one.made_by)]
        wanted = {"label": [f"{labels.LAB}={lab}", *([f"{labels.MADE_BY}={made_by}"] if made_by else [])]}
        with self._asked() as api:
            networks = [network["Id"] for network in api.networks(filters=wanted)]
            volumes = [volume["Name"] for volume in api.volumes(filters=wanted)["Volumes"] or []]
        # Only a few in parallel: more is no faster, and Docker under load has miscounted a network's endpoints.
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(self._remove_container, containers))
        with self._asked() as api:
            remove_each(partial(_remove_network, api), networks)
            remove_each(api.remove_volume, volumes)
        return len(containers)

    def remove_volumes(self, names: Iterable[str]) -> None:
        from docker.errors import APIError

        with self._asked() as api:
            for name in names:
                with contextlib.suppress(APIError):
                    api.remove_volume(name)

    def lock(self, lab: str, image: str) -> Held | None:
        return take_lock(self.command, f"synthlab-{lab}.lock", image, {labels.LOCK: lab})

    def locks(self) -> dict[str, str]:
        return {one["Labels"][labels.LOCK]: one["State"] for one in self._all_locks()}

    def unlock(self, lab: str) -> bool:
        held = [one["Id"] for one in self._all_locks() if one["Labels"][labels.LOCK] == lab]
        with self._asked() as api:
            remove_each(partial(api.remove_container, force=True), held)
        return bool(held)

    def _all_locks(self) -> list[dict[str, Any]]:
        with self._asked() as api:
            found: list[dict[str, Any]] = api.containers(all=True, filters={"label": labels.LOCK})
        return found

    def _remove_container(self, container: Container) -> None:
        with self._asked() as api, _gone_is_fine():
            # Removing by force kills at once; stopping first gives applications their grace.
            if container.state == "running":
                api.stop(container.id, timeout=STOP_GRACE_S)
            api.remove_container(container.id, force=True, v=True)

    def _managed(self, kind: str, **options: Any) -> list[dict[str, Any]]:
        """A list of the swarm's; empty if this engine manages none."""
        from docker.errors import APIError

        with self._asked() as api:
            try:
                listed: list[dict[str, Any]] = getattr(api, kind)(**options)
            except APIError as error:
                if error.status_code in _NO_SWARM:
                    return []
                raise
        return listed

    def _connect(self) -> APIClient:
        from docker import APIClient

        address, encrypted = self._endpoint()
        if encrypted or address.startswith("ssh:"):
            from .dialled_socket import DialledSocket

            address = f"unix://{DialledSocket(self.command).path}"
        return APIClient(base_url=address, timeout=ENGINE_TIMEOUT_S, version="auto")

    def _endpoint(self) -> tuple[str, bool]:
        """The engine of DOCKER_HOST, else of DOCKER_CONTEXT or the current context, like the docker command.

        Its address, and whether it requires TLS. Then the docker command connects: the SDK's certificates lose against
        REQUESTS_CA_BUNDLE, which many CI runners set.
        """
        from docker import ContextAPI

        if address := os.environ.get("DOCKER_HOST"):
            return address, bool(os.environ.get("DOCKER_TLS_VERIFY"))
        name = os.environ.get("DOCKER_CONTEXT")
        context = ContextAPI.get_context(name)
        if context is not None:
            return str(context.Host), bool(context.TLSConfig)
        if name:
            return self._inspected(name)
        raise SynthlabError("the current docker context does not exist: choose another with `docker context use`")

    def _inspected(self, context: str) -> tuple[str, bool]:
        """The same for a context that the SDK does not find.

        The SDK looks beside the docker command's config.json, which `docker context create` does not write.
        """
        lines: list[str] = []
        command = [self.command, "context", "inspect", "--format", "{{json .}}", context]
        if run_program(command, on_line=lines.append).status != 0:
            raise SynthlabError(f"no docker context {context!r}: `docker context ls` lists them")
        found = json.loads(lines[-1])
        return found["Endpoints"]["docker"]["Host"], bool(found["TLSMaterial"])

    @contextlib.contextmanager
    def _asked(self) -> Iterator[APIClient]:
        """The engine's API; reports its errors as SynthlabError, in one line."""
        from docker.errors import APIError, DockerException
        from requests.exceptions import RequestException

        try:
            if self._connected is None:
                self._connected = self._connect()
            yield self._connected
        except APIError as error:
            raise SynthlabError(f"the {self.advice.name} engine reports: {error.explanation or error}") from error
        except (DockerException, RequestException) as error:
            raise SynthlabError(
                f"the {self.advice.name} engine does not answer: start it and try again, or run `synthlab doctor`"
            ) from error


def split_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Split chunks into lines; an unterminated last line counts."""
    rest = b""
    for chunk in chunks:
        *complete, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace") for line in complete)
    if rest:
        yield rest.decode(errors="replace")


def remove_each(remove: Callable[[str], None], names: list[str]) -> None:
    for name in names:
        with _gone_is_fine():
            remove(name)


def _remove_network(api: APIClient, id: str) -> None:
    """Remove a network, retrying for LET_GO_S: a busy engine detaches removed containers late."""
    from docker.errors import APIError

    deadline = time.monotonic() + LET_GO_S
    while True:
        try:
            api.remove_network(id)
            return
        except APIError as error:
            if "active endpoints" not in str(error):
                raise
            if time.monotonic() > deadline:
                raise _in_use(api.inspect_network(id)) from None
        time.sleep(0.2)


def _in_use(network: Mapping[str, Any]) -> SynthlabError:
    """The error for a network with containers that the lab did not make, such as those of `docker compose up`."""
    names = sorted(container["Name"] for container in network["Containers"].values())
    used = f"the network {network['Name']} is still used by {', '.join(names) or 'something'}"
    return SynthlabError(f"{used}, which synthlab did not start: remove that, and run `synthlab down` again")


@contextlib.contextmanager
def _gone_is_fine() -> Iterator[None]:
    """Ignore errors for a resource that is gone, or that somebody else is removing."""
    from docker.errors import APIError, NotFound

    try:
        yield
    except NotFound:
        pass
    except APIError as error:
        if "already in progress" not in str(error):
            raise
