"""A client of a running lab, as code has it: its network, its application, and what is expected of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from subprocess import DEVNULL, CompletedProcess, TimeoutExpired, run
from typing import TYPE_CHECKING

from ..control import addresses
from ..control.change import Flows, Value, Values, read_change
from ..control.client_api import ClientApi
from ..control.container_lookup import find_member, find_members
from ..control.group_change import GroupChange
from ..control.logs import read_lines
from ..control.page_console import console_lines
from ..control.running_lab import RunningLab
from ..control.state import ClientState
from ..control.webrtc_stats import Numbers
from ..engine.containers import Container, LogQuery
from ..errors import SynthlabError, WrongUse
from ..stack import network_operations
from ..stack.durations import read_duration
from ..stack.network_operations import SILENT
from ..text.durations import seconds_of
from .applied_change import AppliedChange

if TYPE_CHECKING:
    from ..runner.judge import CheckResult
    from .expectations import Expectations


class Client:
    """A client by its name, or all clients of a group by the group's; `lab["sfu"]` is the media server.

    What is done to a group is done to all of its clients; what has one answer is asked of one client, and of a group
    of several it is WrongUse. All methods raise SynthlabError where a client does not answer.
    """

    def __init__(self, lab: RunningLab, name: str, judged: Callable[[], Expectations]) -> None:
        self.lab = lab
        self.name = name
        self._judged = judged

    def __repr__(self) -> str:
        return f"<{self.name} of the lab {self.lab.name}>"

    @property
    def group(self) -> str:
        """The name of its group; its own where it is in none."""
        return self._container.group or self.name

    @property
    def api(self) -> ClientApi:
        """Its API itself, for what is not here."""
        return self.lab.one(self.name).api

    # Its network

    def set(
        self,
        *,
        ingress: Values | None = None,
        egress: Values | None = None,
        flows: Flows | None = None,
        flow: str | None = None,
        profile: str | None = None,
        seed: int | None = None,
        for_: str | None = None,
        after: str | None = None,
        **values: Value,
    ) -> AppliedChange:
        """Change conditions: `set(loss="5%")` in both directions, `set(egress={"rate": "100kbit"})` in one.

        Values are written as in files, None clears one, and what is not named stays; a trace or table may be a local
        file. `flow="*:udp"` means the packets that `values` are for, `flows` names several. A `profile`, such as
        `wpt/3g`, gives all values. Several clients change at the same moment, or none does.

        For good, or `for_` a time, or until the end of a `with` statement; at once, or `after` a time. Raises WrongUse
        for a value that is refused.
        """
        change, files = read_change(values, ingress, egress, flows, flow, profile, seed)
        return AppliedChange.make(self.lab, [self.name], change, for_, after, files)

    def block(
        self, flow: str, *, answer: str = SILENT, for_: str | None = None, after: str | None = None
    ) -> AppliedChange:
        """Drop every packet of a flow in both directions: `block("*:udp")`, or `block("*:tcp", answer="reset")`.

        The times are those of `set`. Raises WrongUse for a flow or an answer that is refused.
        """
        return AppliedChange.make(self.lab, [self.name], network_operations.block(flow, answer), for_, after)

    def link_down(self, *, for_: str | None = None, after: str | None = None) -> AppliedChange:
        """Drop every packet in both directions. The times are those of `set`."""
        return AppliedChange.make(self.lab, [self.name], network_operations.link_down(), for_, after)

    def reset(self, perfect: bool = False) -> GroupChange:
        """Give back the conditions of the stack, or those of a `perfect` network; whatever was `for_` a time ends."""
        return self.lab.reset(self.lab.find([self.name]), perfect)

    def state(self) -> ClientState:
        """Conditions in force, counters, and what is achieved."""
        return self.api.state()

    def numbers(self) -> Numbers:
        """WebRTC numbers, and what the application has published of itself."""
        return self.api.numbers()

    # What is expected of it; names of numbers need not begin with its own.

    def expect(self, expression: str, within: str | None = None, for_: str | None = None) -> CheckResult:
        """As `Lab.expect`: `lab["client1"].expect("video.client2.fps < 5", within="10s")`."""
        __tracebackhide__ = True
        return self._judged().expect(expression, within, for_, self.lab.one(self.name).name)

    def never(self, expression: str, for_: str) -> CheckResult:
        """As `Lab.never`."""
        __tracebackhide__ = True
        return self._judged().never(expression, for_, self.lab.one(self.name).name)

    def recovers(self, expression: str, within: str, for_: str | None = None) -> CheckResult:
        """As `Lab.recovers`."""
        __tracebackhide__ = True
        return self._judged().recovers(expression, within, for_, self.lab.one(self.name).name)

    # Its container

    def exec(self, command: Sequence[str], timeout: str = "60s") -> CompletedProcess[str]:
        """Run a command as its application runs: its status, and what it wrote. Raises SynthlabError where it hangs."""
        if isinstance(command, str):
            raise WrongUse(f"exec: {command!r} is not a list of words such as ['getent', 'hosts', 'sfu']")
        if self._container.state != "running":
            raise addresses.not_running(self._container)
        engine, limit_s = self.lab.backend.engine, seconds_of(read_duration("timeout", timeout))
        try:
            line = engine.exec_command(self._container, command)
            return run(line, stdin=DEVNULL, capture_output=True, text=True, timeout=limit_s, check=False)
        except TimeoutExpired:
            raise SynthlabError(f"{self.name}: {' '.join(command)} did not end within {limit_s:g} s") from None
        except OSError as error:
            raise SynthlabError(f"docker cannot be run: {error.strerror}; `synthlab doctor` looks closer") from None

    def logs(self, tail: int | None = None) -> list[str]:
        """The lines that it has written, or the last ones; those of a group in the order of their times."""
        return [line.text for line in read_lines(self.lab.backend.engine, self._containers, LogQuery(tail=tail))]

    def console(self, tail: int | None = None) -> list[str]:
        """What the pages of its browser wrote to their console, with uncaught exceptions, or the last lines of that."""
        return [line.text for line in console_lines({self.name: self.api}, LogQuery(tail=tail))]

    def restart(self) -> None:
        """Start it anew, and wait until it is healthy; its conditions are those of the stack again."""
        self.lab.control([self.name], "restart")

    def stop(self) -> None:
        self.lab.control([self.name], "stop")

    def start(self) -> None:
        """Start it after a `stop`, and wait until it is healthy; its conditions are those of the stack again."""
        self.lab.control([self.name], "start")

    def pause(self) -> None:
        """Freeze it, its network included, until `unpause`."""
        self.lab.control([self.name], "pause")

    def unpause(self) -> None:
        self.lab.control([self.name], "unpause")

    # Where it is looked at

    @property
    def api_url(self) -> str:
        """Its control page, and the root of its API."""
        return addresses.control_page(self._container)

    @property
    def cdp_url(self) -> str:
        """Where its browser is driven from, by Playwright's `connect_over_cdp` and the like, once that answers."""
        from ..control.browser import answering

        if not self.lab.backend.is_near(self._container):
            there = addresses.debugging(self._container)
            raise addresses.far_away(self._container, there, self.lab.backend.engine.address())
        return answering(self._container)

    @property
    def vnc(self) -> str:
        """Its screen, for a VNC viewer."""
        return addresses.screen(self._container)

    def screenshot(self) -> bytes:
        """What the first page of its browser shows, as PNG."""
        from ..runner.evidence.screenshots import has_browser, screenshots

        if not has_browser(self._container):
            raise addresses.no_browser(self._container)
        try:
            picture = next(iter(screenshots(self.lab.backend.engine, self._container)), None)
        except SynthlabError as error:
            raise SynthlabError(f"{self.name}: {error.message}") from None
        if picture is None or not picture.png:
            raise SynthlabError(f"{self.name}: no picture: {picture.error if picture else 'it shows no page'}")
        return picture.png

    @property
    def _container(self) -> Container:
        return find_member(self.lab.name, self.lab.members, self.name)

    @property
    def _containers(self) -> list[Container]:
        return find_members(self.lab.name, self.lab.members, [self.name])
