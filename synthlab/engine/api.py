"""What is asked of a container engine, as one protocol. Every method raises SynthlabError."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from ..contract import ContainerAction
from .containers import Container, LogQuery
from .images import ImageBuild, LocalImage
from .listing import Member
from .process import Finished

OnLine = Callable[[str], None]
Process = subprocess.Popen[bytes]

User = Literal["root", "application"]
"""`root` has what the engine gives to such a program, NET_ADMIN and NET_RAW among it, and drops what it can."""

Tool = Literal["engine", "compose", "buildx"]


class Held(Protocol):
    """A lock that we hold, until it is released, we end, or somebody removes it."""

    def lost(self) -> bool: ...

    def release(self) -> None: ...


class Place(Protocol):
    """The engine itself, and the machine that it runs on."""

    def version(self) -> str: ...

    def facts(self) -> dict[str, str]:
        """What it and its machine are, by name, for reports."""
        ...

    def address(self) -> str:
        """Where it is expected to answer: `unix:///var/run/docker.sock`."""
        ...

    def folder(self) -> str:
        """Where it keeps images and containers, on the machine that it runs on."""
        ...

    def is_free(self, port: int) -> bool:
        """Whether it can publish on this port of 127.0.0.1; True where nobody here knows."""
        ...

    def has_command(self) -> bool:
        """Whether this machine has the engine's command."""
        ...

    def tool_version(self, tool: Tool) -> str | None:
        """The version that the engine's command reports; None where it fails."""
        ...


class Containers(Protocol):
    """The labs, and what is in them."""

    def labs(self) -> list[str]:
        """The labs of which there is anything: containers, or a network or volume that was left behind."""
        ...

    def containers(self, lab: str | None = None) -> list[Container]:
        """The containers of one lab, or of all labs; the media server first, the clients in their order."""
        ...

    def members(self) -> list[Member]:
        """The names of all containers of all labs, listed as fast as a shell's completion needs them."""
        ...

    def logs(self, container: Container, lines: int = 20) -> list[str]:
        """The last lines that a container wrote."""
        ...

    def last_probe(self, container: Container) -> list[str]:
        """How its last health check ended, and what it wrote: lines, none where none has ended yet."""
        ...

    def read_log(self, container: Container, wish: LogQuery) -> Iterator[tuple[str, str]]:
        """What a container wrote: lines, each with the time of writing in UTC (RFC 3339)."""
        ...

    def environment(self, container: Container) -> dict[str, str]:
        """The variables that a container was made with."""
        ...

    def control(self, container: Container, doing: ContainerAction) -> None:
        """Freeze all processes of a container or let them go on, end or start what runs in it; done when that is."""
        ...

    def control_command(self) -> list[str]:
        """The program of this machine that does the same; an action and a container's id are its last arguments."""
        ...

    def remove_lab(self, lab: str, made_by: str = "") -> int:
        """Remove all that bears the lab's label: containers, then networks and volumes. How many containers it had.

        With `made_by`, only what that one `up` has made.
        """
        ...


class Compose(Protocol):
    """Compose, and what it makes of a file."""

    def compose_up(self, project: str, rendered: str, tell: OnLine) -> None:
        """Create and start all containers of a rendered Compose file; raises SynthlabError with the last lines.

        Raises PortTaken where somebody else has a host port of it.
        """
        ...

    def compose_config(self, file: Path, environment: Mapping[str, str]) -> Mapping[str, Any]:
        """A Compose file of the user's as Compose reads it: includes, defaults, variables from `environment` filled in.

        Raises WrongUse with what Compose says of a file that it refuses.
        """
        ...


class Images(Protocol):
    """The engine's images. What takes long returns how it ended, with its last lines."""

    def image(self, tag: str) -> LocalImage | None:
        """An image that is on the engine, or None."""
        ...

    def discard_image(self, image: LocalImage) -> None:
        """Remove an image that a newer one has replaced, unless something still uses it."""
        ...

    def tag_image(self, tag: str, other: str) -> None:
        """Give an image another name as well."""
        ...

    def untag_image(self, tag: str) -> None:
        """Remove one of an image's names, if it has it; what it starts from stays."""
        ...

    def own_tags(self) -> list[str]:
        """The tags, of those that only synthlab gives, that the engine has."""
        ...

    def remove_images(self) -> list[str]:
        """Remove every image that synthlab tags, and say which; what others build FROM them is theirs."""
        ...

    def build_image(self, build: ImageBuild, on_line: OnLine) -> Finished:
        """Build and tag an image; `on_line` gets every line that the build writes."""
        ...

    def pull_image(self, tag: str, timeout_s: float | None = None) -> Finished: ...

    def push_image(self, tag: str) -> Finished: ...

    def import_image(self, archive: Path, tag: str) -> Finished:
        """Make an image of a root file system in a tar archive."""
        ...

    def save_images(self, tags: Sequence[str], file: Path) -> Finished:
        """Write images to a tar file."""
        ...

    def load_images(self, file: Path, on_line: OnLine) -> Finished:
        """Take images from a tar file; `on_line` gets a line `Loaded image: TAG` for each."""
        ...


class Programs(Protocol):
    """Programs in containers."""

    def exec_command(
        self, container: Container, command: Sequence[str], terminal: bool = False, user: User = "application"
    ) -> list[str]:
        """The command of this machine that runs one there, with its input and output.

        As `root`, or as the application runs in a container of ours; in any other as the user of its image.
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

        Its input ends when we do, be it by SIGKILL: a program that is to leave nothing behind ends with its input.
        """
        ...

    def start_sidecar(
        self, container: Container, program: str, arguments: Sequence[object] = (), *, net_admin: bool = False
    ) -> Process:
        """Start `guest/PROGRAM.py` in the network of a container of any image, but in a container of ours.

        That one belongs to the lab, may do nothing, or have NET_ADMIN alone, and goes when the program ends.
        """
        ...


class Locks(Protocol):
    """Locks that last as long as the process that took them, by lab."""

    def lock(self, lab: str, image: str) -> Held | None:
        """Take the lab's lock, a container of an image that the engine has; None where somebody holds it."""
        ...

    def locks(self) -> dict[str, str]:
        """The locks that are held, by lab, with the state of their containers: `running`, or `created` at first."""
        ...

    def unlock(self, lab: str) -> bool:
        """Take the lab's lock from whoever holds it; whether anybody did."""
        ...


class EngineApi(Place, Containers, Compose, Images, Programs, Locks, Protocol):
    """All of it: what another engine has to implement. Every method raises SynthlabError."""
