"""The protocol that a container engine implements. Every method raises SynthlabError."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from ..contract import ContainerAction
from .advice import Advice
from .containers import Container, LogQuery
from .images import ImageBuild, LocalImage
from .listing import Member
from .process import Finished
from .swarm_tasks import SwarmNode

if TYPE_CHECKING:
    from .lab_access import LabAccess

OnLine = Callable[[str], None]
Process = subprocess.Popen[bytes]

User = Literal["root", "application"]
"""`root` has the container's capabilities, including NET_ADMIN and NET_RAW; the program drops those it can."""

Tool = Literal["engine", "compose", "buildx"]


class Held(Protocol):
    """A lock we hold until it is released, we exit, or somebody removes it."""

    def lost(self) -> bool: ...

    def release(self) -> None: ...


class EngineHost(Protocol):
    """The engine itself, and the machine it runs on."""

    command: str
    """The engine's command on this machine, such as `docker`."""
    advice: Advice

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        ...

    def version(self) -> str: ...

    def facts(self) -> dict[str, str]:
        """Facts about the engine and its machine, by name, for reports."""
        ...

    def address(self) -> str:
        """The engine's URL, such as `unix:///var/run/docker.sock`; it need not answer."""
        ...

    def folder(self) -> str:
        """The folder of images and containers on the engine's machine."""
        ...

    def is_free(self, port: int) -> bool:
        """Whether this port of 127.0.0.1 can be published; True if it cannot be known from here."""
        ...

    def has_command(self) -> bool:
        """Whether the engine's command is installed on this machine."""
        ...

    def tool_version(self, tool: Tool) -> str | None:
        """The version that the tool reports; None if it fails."""
        ...


class Containers(Protocol):
    """The labs and their containers."""

    def labs(self) -> list[str]:
        """The labs with any container, network or volume, leftovers included."""
        ...

    def containers(self, lab: str | None = None) -> list[Container]:
        """The containers of one lab, or of all labs: the media server first, then clients in stack order."""
        ...

    def members(self) -> list[Member]:
        """The names of all containers of all labs, fast enough for shell completion."""
        ...

    def logs(self, container: Container, lines: int = 20) -> list[str]:
        """The last lines that a container wrote."""
        ...

    def last_probe(self, container: Container) -> list[str]:
        """Exit status and output of the last health check, as lines; empty if none has finished yet."""
        ...

    def read_log(self, container: Container, query: LogQuery) -> Iterator[tuple[str, str]]:
        """The lines of a container's log, each after its time in UTC (RFC 3339)."""
        ...

    def started_at(self, container: Container) -> float:
        """When a container was last started, in seconds since 1970."""
        ...

    def environment(self, container: Container) -> dict[str, str]:
        """The environment that a container was created with."""
        ...

    def control(self, container: Container, action: ContainerAction) -> None:
        """Pause, unpause, stop, start or restart a container; returns once that is done."""
        ...

    def control_command(self, container: Container, action: ContainerAction) -> list[str]:
        """The local command that begins the same."""
        ...

    def remove_lab(self, lab: str, made_by: str = "") -> int:
        """Remove everything with the lab's label: containers, then networks and volumes. Returns how many containers.

        With `made_by`, only what that `up` created.
        """
        ...


class Compose(Protocol):
    """Docker Compose."""

    def compose_up(self, project: str, rendered: str, progress: OnLine) -> None:
        """Create and start all containers of a rendered Compose file; raises SynthlabError with Compose's last lines.

        Raises PortTaken if a host port is in use.
        """
        ...

    def compose_config(
        self, options: Sequence[str], environment: Mapping[str, str], substitute: bool = True
    ) -> tuple[str, Sequence[str]]:
        """The user's project as Compose resolves it, as YAML with every `$` doubled, and Compose's warnings, each once.

        `options` choose the project (`-f FILE`, `-p NAME`, ...), variables are from `environment`; they stay as they
        are without `substitute`. Raises WrongUse with Compose's message for an invalid file.
        """
        ...

    def compose_projects(self) -> dict[str, str]:
        """The Compose projects with any container, each with its lab; the lab is empty if another program made it."""
        ...

    def compose_services(self, lab: str) -> set[str]:
        """The services of a lab's Compose project that have a container, also one that another program made."""
        ...

    def subnets(self) -> dict[str, str]:
        """The subnets of all networks of the engine, each with its network's name."""
        ...

    def compose_volumes(self, project: str) -> set[str]:
        """The names of a Compose project's volumes on the engine."""
        ...

    def remove_volumes(self, names: Iterable[str]) -> None:
        """Remove volumes; one that does not exist or is in use stays as it is."""
        ...


class Images(Protocol):
    """The engine's images. Long operations return their exit status and last lines."""

    def image(self, tag: str) -> LocalImage | None:
        """The image with this tag, or None if the engine lacks it."""
        ...

    def discard_image(self, image: LocalImage) -> None:
        """Remove a replaced image unless it is still in use."""
        ...

    def tag_image(self, tag: str, other: str) -> None:
        """Give the image `tag` a further tag `other`."""
        ...

    def untag_image(self, tag: str) -> None:
        """Remove a tag if it exists; the image's bases stay."""
        ...

    def own_tags(self) -> list[str]:
        """The engine's tags in synthlab's own namespace."""
        ...

    def remove_images(self) -> list[str]:
        """Remove all images with synthlab's tags and return the tags; images others build FROM them stay."""
        ...

    def build_image(self, build: ImageBuild, on_line: OnLine) -> Finished:
        """Build and tag an image; `on_line` gets every line of build output."""
        ...

    def pull_image(self, tag: str, timeout_s: float | None = None) -> Finished: ...

    def push_image(self, tag: str) -> Finished: ...

    def import_image(self, archive: Path, tag: str) -> Finished:
        """Create an image from a root file system in a tar archive."""
        ...

    def save_images(self, tags: Sequence[str], file: Path) -> Finished:
        """Write images to a tar file."""
        ...

    def load_images(self, file: Path, on_line: OnLine) -> Finished:
        """Load images from a tar file; `on_line` gets a line `Loaded image: TAG` for each."""
        ...


class Programs(Protocol):
    """Programs in containers."""

    def exec_command(
        self, container: Container, command: Sequence[str], terminal: bool = False, user: User = "application"
    ) -> list[str]:
        """The local command that runs `command` there, with stdin and stdout attached.

        As `root`, or like the application in a container of ours; in any other as its image's user.
        """
        ...

    def start_program(
        self,
        container: Container,
        program: str,
        arguments: Sequence[object] = (),
        *,
        user: User = "application",
        python: str = ...,
    ) -> Process:
        """Start `guest/PROGRAM.py` in a container of ours.

        Its stdin closes when we exit, even by SIGKILL: a program that must not outlive us exits at end of input.
        """
        ...

    def start_sidecar(
        self, container: Container, program: str, arguments: Sequence[object] = (), *, net_admin: bool = False
    ) -> Process:
        """Start `guest/PROGRAM.py` in a container of our image that shares the network of `container`, of any image.

        The sidecar belongs to the lab, has no capability or only NET_ADMIN, and is removed when the program exits.
        """
        ...


class Swarm(Protocol):
    """A swarm that the engine manages; without one, the lists are empty."""

    def nodes(self) -> list[SwarmNode]:
        """The machines of the swarm."""
        ...

    def stack_deploy(self, project: str, rendered: str) -> None:
        """Create or update all services of a rendered stack file; they start after it returns."""
        ...

    def make_access(self, image: str) -> tuple[LabAccess, str]:
        """A new LabAccess, and its certificate with the key as PEM, made with this image of ours."""
        ...

    def put_secret(self, name: str, content: str, marks: dict[str, str]) -> None:
        """Store a secret with these labels, which services can have as a file."""
        ...

    def put_config(self, name: str, content: str, marks: dict[str, str]) -> None:
        """Store a config with these labels."""
        ...

    def access(self, lab: str) -> LabAccess | None:
        """What opens the APIs of a lab on several machines; None for any other lab."""
        ...


class Locks(Protocol):
    """One lock per lab, held for at most the lifetime of the process that took it."""

    def lock(self, lab: str, image: str) -> Held | None:
        """Take the lab's lock, a container of `image`, which the engine must have; None if it is held already."""
        ...

    def locks(self) -> dict[str, str]:
        """The held locks by lab, with the state of their containers: `created`, then `running`."""
        ...

    def unlock(self, lab: str) -> bool:
        """Revoke the lab's lock; whether anybody held it."""
        ...


class EngineApi(EngineHost, Containers, Compose, Images, Programs, Swarm, Locks, Protocol):
    """Everything an engine implements. Every method raises SynthlabError."""
