"""A client of a running lab in the Python API: its network, application, container and expectations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from subprocess import DEVNULL, CompletedProcess, TimeoutExpired, run
from typing import TYPE_CHECKING, Any

from ..contract import CDP_PORT, VNC_PORT
from ..control import addresses
from ..control.change import Dns, Flows, States, Value, Values, read_change
from ..control.client_api import ClientApi
from ..control.container_lookup import find_member, find_members
from ..control.group_change import GroupChange
from ..control.logs import read_lines
from ..control.page_console import console_lines
from ..control.roaming import roam
from ..control.running_lab import RunningLab
from ..control.state import ClientState
from ..control.webrtc_stats import Stats
from ..engine.containers import Container, LogQuery
from ..errors import SynthlabError, WrongUse
from ..stack import network_operations
from ..stack.durations import read_duration
from ..stack.network_operations import SILENT
from ..stack.roaming import plan_roam
from ..text.durations import seconds_of
from .applied_change import AppliedChange

if TYPE_CHECKING:
    from ..runner.judge import CheckResult
    from .expectations import Expectations


class Client:
    """A client by name, or all clients of a group by the group's name; `lab["sfu"]` is the media server.

    Actions on a group apply to all its clients. Methods with a single result need a single client, and raise WrongUse
    for a group of several. All methods raise SynthlabError if a client does not answer.
    """

    def __init__(self, lab: RunningLab, name: str, judged: Callable[[], Expectations]) -> None:
        self.lab = lab
        self.name = name
        self._judged = judged

    def __repr__(self) -> str:
        return f"<{self.name} of the lab {self.lab.name}>"

    @property
    def group(self) -> str:
        """The name of its group; its own name if it is in none."""
        return self._container.group or self.name

    @property
    def api(self) -> ClientApi:
        """Its API, for anything not covered here."""
        return self.lab.one(self.name).api

    # Network

    def set(
        self,
        *,
        ingress: Values | None = None,
        egress: Values | None = None,
        flows: Flows | None = None,
        flow: str | None = None,
        profile: str | None = None,
        seed: int | None = None,
        muted: bool | None = None,
        order: Sequence[str] = (),
        states: States | None = None,
        state: str | None = None,
        dns: Dns | None = None,
        nat: str | Mapping[str, Any] | None = None,
        for_: str | None = None,
        after: str | None = None,
        **values: Value,
    ) -> AppliedChange:
        """Change conditions: `set(loss="5%")` in both directions, `set(egress={"rate": "100kbit"})` in one.

        Values are written as in stack files; None clears a value, and values not named stay. A trace or table may be a
        local file. `netem="delay 100ms loss 1%"` are values in tc's words, see `translate_netem`. `flow="*:udp"`
        selects the packets that `values` apply to; `flows` sets several flows. A `profile`, such as `wpt/3g`, sets all
        values. While `muted`, the flow keeps its values but matches nothing; without `flow`, the values of the link are
        kept but not in force. The flows in `order` match first. `states` walk between sets of values, written as in
        stack files; `{}` ends the walk, and `state` goes to one of them. `dns={"turn.example": {"answer": "nxdomain"}}`
        says what becomes of look-ups of names. `nat="symmetric"` is a router's, or `nat={"kind": "full-cone",
        "hairpin": True}`. Several clients change at the same moment, or none does.

        The change lasts until reset, `for_` a time, or until the end of a `with` statement; it starts now, or `after`
        a time. Raises WrongUse for an invalid value.
        """
        of_all = profile, seed, muted, order, states, state, dns, nat
        change, files = read_change(values, ingress, egress, flows, flow, *of_all)
        return AppliedChange.make(self.lab, [self.name], change, for_, after, files)

    def block(
        self, flow: str, *, answer: str = SILENT, for_: str | None = None, after: str | None = None
    ) -> AppliedChange:
        """Drop every packet of a flow in both directions: `block("*:udp")`, or `block("*:tcp", answer="reset")`.

        For `for_` and `after` see `set`. Raises WrongUse for an invalid flow or answer.
        """
        return AppliedChange.make(self.lab, [self.name], network_operations.block(flow, answer), for_, after)

    def link_down(self, *, for_: str | None = None, after: str | None = None) -> AppliedChange:
        """Drop every packet in both directions. For `for_` and `after` see `set`."""
        return AppliedChange.make(self.lab, [self.name], network_operations.link_down(), for_, after)

    def reset(self, perfect: bool = False) -> GroupChange:
        """Restore the conditions of the stack, or set a `perfect` network; also ends all changes made `for_` a time."""
        return self.lab.reset(self.lab.find([self.name]), perfect)

    def drop_mappings(self) -> GroupChange:
        """Drop all mappings of a router's NAT, as its restart would; raises WrongUse for any other client."""
        return self.lab.drop_mappings(self.lab.find([self.name]))

    def roam(
        self, to: str | None = None, *, new_address: bool = False, how: str | None = None, gap: str | None = None
    ) -> ClientState:
        """Change the network: `roam("lte")`, or `roam(new_address=True)` to another address in the present one.

        By a `how="jump"` the old network goes before the new one comes, with a `gap` without any between them; by a
        "step" it goes when both have been there for `gap`, 1 s by default. Returns once the client is there. Raises
        WrongUse for a client without such an uplink, and if it is there already.
        """
        return roam(self.lab, self.name, plan_roam(to, new_address, how, gap))

    def state(self) -> ClientState:
        """Conditions in force, counters, and measured values."""
        return self.api.state()

    def stats(self) -> Stats:
        """WebRTC statistics, and numbers that the application published."""
        return self.api.stats()

    # Expectations; names of numbers may omit the client.

    def expect(self, expression: str, within: str | None = None, for_: str | None = None) -> CheckResult:
        """Like `Lab.expect`: `lab["client1"].expect("video.client2.fps < 5", within="10s")`."""
        __tracebackhide__ = True
        return self._judged().expect(expression, within, for_, self.lab.one(self.name).name)

    def never(self, expression: str, for_: str) -> CheckResult:
        """Like `Lab.never`."""
        __tracebackhide__ = True
        return self._judged().never(expression, for_, self.lab.one(self.name).name)

    def recovers(self, expression: str, within: str, for_: str | None = None) -> CheckResult:
        """Like `Lab.recovers`."""
        __tracebackhide__ = True
        return self._judged().recovers(expression, within, for_, self.lab.one(self.name).name)

    # Container

    def exec(self, command: Sequence[str], timeout: str = "60s") -> CompletedProcess[str]:
        """Run a command with the application's user and network. Raises SynthlabError after `timeout`."""
        if isinstance(command, str):
            raise WrongUse(f"exec: {command!r} is not a list of strings such as ['getent', 'hosts', 'sfu']")
        if self._container.state != "running":
            raise addresses.not_running(self._container)
        engine, limit_s = self.lab.backend.engine, seconds_of(read_duration("timeout", timeout))
        try:
            line = engine.exec_command(self._container, command)
            return run(line, stdin=DEVNULL, capture_output=True, text=True, timeout=limit_s, check=False)
        except TimeoutExpired:
            raise SynthlabError(f"{self.name}: {' '.join(command)} did not end within {limit_s:g} s") from None
        except OSError as error:
            raise SynthlabError(f"{line[0]} cannot be run: {error.strerror}; run `synthlab doctor`") from None

    def logs(self, tail: int | None = None) -> list[str]:
        """The lines of its log, or the last `tail`; a group's lines are merged by time."""
        return [line.text for line in read_lines(self.lab.backend.engine, self._containers, LogQuery(tail=tail))]

    def console(self, tail: int | None = None) -> list[str]:
        """The console of its browser's pages, uncaught exceptions included, or the last `tail` lines."""
        return [line.text for line in console_lines({self.name: self.api}, LogQuery(tail=tail))]

    def restart(self) -> None:
        """Restart it and wait until it is healthy; its conditions are those of the stack again."""
        self.lab.control([self.name], "restart")

    def stop(self) -> None:
        self.lab.control([self.name], "stop")

    def start(self) -> None:
        """Start it after `stop` and wait until it is healthy; its conditions are those of the stack again."""
        self.lab.control([self.name], "start")

    def pause(self) -> None:
        """Freeze it, including its network, until `unpause`."""
        self.lab.control([self.name], "pause")

    def unpause(self) -> None:
        self.lab.control([self.name], "unpause")

    # Addresses and screenshots

    @property
    def api_url(self) -> str:
        """The URL of its control page, and the root of its API.

        In a lab on a swarm, this and the two below are ports of this process, which lead there until the lab is closed.
        """
        container = self._container
        return addresses.control_page(container, self._carried(container, container.api_port))

    @property
    def cdp_url(self) -> str:
        """The CDP URL of its browser, for Playwright's `connect_over_cdp`; waits until it answers."""
        from ..control.browser import answering

        container = self._container
        addresses.check_debugger(container)
        endpoint = addresses.debugging(container, self._carried(container, CDP_PORT))
        if not container.node and not self.lab.backend.is_near(container):
            raise addresses.far_away(container, endpoint, self.lab.backend.engine.address())
        return answering(container, endpoint)

    @property
    def vnc(self) -> str:
        """The VNC address of its screen."""
        container = self._container
        addresses.check_screen(container)
        return addresses.screen(container, self._carried(container, VNC_PORT))

    def screenshot(self) -> bytes:
        """A screenshot of its browser's first page, as PNG."""
        from ..runner.evidence.screenshots import has_browser, screenshots

        if not has_browser(self._container):
            raise addresses.no_browser(self._container)
        try:
            picture = next(iter(screenshots(self.lab.backend.engine, self._container)), None)
        except SynthlabError as error:
            raise SynthlabError(f"{self.name}: {error.message}") from None
        if picture is None or not picture.png:
            raise SynthlabError(f"{self.name}: no screenshot: {picture.error if picture else 'no page is open'}")
        return picture.png

    def _carried(self, container: Container, port: int) -> int | None:
        """A port of this process that leads to one of a container on a swarm; None where the published one does."""
        return self.lab.carry(container, port) if container.node and container.state == "running" else None

    @property
    def _container(self) -> Container:
        return find_member(self.lab.name, self.lab.members, self.name)

    @property
    def _containers(self) -> list[Container]:
        return find_members(self.lab.name, self.lab.members, [self.name])
