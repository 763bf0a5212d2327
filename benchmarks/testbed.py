"""Two network namespaces with the measured part between them: a kernel bridge, a bare loop or a forwarder.

The forwarder `before` is that of another checkout, run with its own code.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, get_args

from syntheticnet import channel
from syntheticnet.api.control_client import ControlClient
from syntheticnet.channel import Unanswered
from tests.syntheticnet.veth.world import ADDRESSES, BOTH, Side, World, other

from .errors import CannotRun, Failed
from .other_checkout import OtherCheckout, OtherForwarder
from .process import ended

Kind = Literal["bridge", "floor", "before", "forwarder"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FORWARDERS: tuple[Kind, ...] = ("before", "forwarder")

ROOT = Path(__file__).parents[1]
OURS = OtherCheckout(ROOT)
MACS: dict[Side, str] = {"client": "02:00:00:00:00:01", "server": "02:00:00:00:00:02"}
# Causes that conditions produce on purpose; a drop for any other cause is a forwarding failure.
WANTED_DROPS = frozenset({"loss", "queue"})
_START_SECONDS = 20


class Testbed(World):
    """A world whose middle can be replaced; processes it starts end with it."""

    def __init__(
        self,
        cleanup: ExitStack,
        samples: Path | None = None,
        before: OtherCheckout | None = None,
        python: str = sys.executable,
    ) -> None:
        """With `samples`, profile the forwarder into that file; `before` has the forwarder of that kind.

        `python` runs the bare loop and the forwarders.
        """
        self._samples = samples
        self._python = python
        self._checkout = before
        self._other: OtherForwarder | None = None
        self._kind: Kind | None = None
        self.pid = 0
        super().__init__(cleanup)

    def put(self, kind: Kind) -> None:
        """Put a middle of this kind in place, unless it is there already."""
        if kind == self._kind:
            return
        self.clear()
        match kind:
            case "bridge":
                self._put_bridge()
            case "floor":
                self._put_floor()
            case "before":
                self._put_before()
            case "forwarder":
                self._put_forwarder()
        self._kind = kind

    def put_pair(self, kind: Kind, conditions: dict[str, Any]) -> dict[str, int]:
        """Put a forwarder with its API in the middle, forked as PID 1 does; returns their process ids."""
        self.clear()
        command = self._inside_middle(sys.executable, "-m", "benchmarks.pair", "outer", "inner", json.dumps(conditions))
        checkout = self._before if kind == "before" else OURS
        process = subprocess.Popen(command, **checkout.place, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self._middle.callback(ended, process)
        assert process.stdout is not None
        with process.stdout:
            line = process.stdout.readline()
        if not line:
            raise Failed("forwarder and API did not start")
        pids: dict[str, int] = json.loads(line)
        return pids

    def clear(self) -> None:
        """Remove the middle."""
        self._kind = None
        self._other = None
        self._middle.close()

    def impose(self, conditions: dict[str, Any]) -> None:
        """Apply conditions to a forwarder; other kinds ignore them."""
        if self._forwards():
            self.configure(**conditions)

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        """Send a request to the forwarder in the middle and return its answer, as the API does."""
        return self._other.ask(op, **arguments) if self._other else super().ask(op, **arguments)

    def drops(self) -> Counter[str]:
        """A forwarder's unintended drops by cause; empty for other kinds."""
        if not self._forwards():
            return Counter()
        drops: Counter[str] = Counter()
        for link in self.report()["links"].values():
            drops.update({cause: n for cause, n in link["dropped"].items() if cause not in WANTED_DROPS})
        return drops

    def interface_drops(self) -> int:
        """Packets dropped by all interfaces of the path since their creation."""
        interfaces = [
            interface
            for name in self._names.values()
            for interface in json.loads(ip("-n", name, "-j", "-s", "link", "show", "type", "veth"))
        ]
        return sum(interface["stats64"][key]["dropped"] for interface in interfaces for key in ("rx", "tx"))

    def counters(self, side: Side) -> dict[str, int]:
        """Packets received and sent by a side's interface."""
        with self.inside(side):
            rows = Path("/proc/thread-self/net/dev").read_text().splitlines()
        fields = next(row for row in rows if row.strip().startswith("eth0:")).split(":")[1].split()
        return {"received": int(fields[1]), "sent": int(fields[9])}

    def command(self, side: Side, *arguments: str) -> list[str]:
        """A command line that runs in a side's namespace."""
        return ["ip", "netns", "exec", self._names[side], *arguments]

    def listening(self, side: Side, port: int) -> bool:
        """Whether a TCP server listens on a port of this side."""
        with self.inside(side):
            text = "".join(Path(f"/proc/thread-self/net/tcp{six}").read_text() for six in ("", "6"))
        rows = (row.split() for row in text.splitlines())
        return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)

    def _forwards(self) -> bool:
        return self._kind in FORWARDERS

    @property
    def _before(self) -> OtherCheckout:
        if self._checkout is None:
            raise CannotRun("no other checkout to compare with: name it with --beside")
        return self._checkout

    def _start(self, cleanup: ExitStack) -> None:
        self._middle = cleanup.enter_context(ExitStack())
        for side in BOTH:
            self._quieten(side)
        self._up()
        for side in BOTH:
            for address in ADDRESSES[other(side)].values():
                ip("-n", self._names[side], "neigh", "replace", address, "lladdr", MACS[other(side)], "dev", "eth0")

    def _quieten(self, side: Side) -> None:
        """Stop the kernel's own IPv6 traffic, which would disturb the idle measurement."""
        ip("-n", self._names[side], "link", "set", "eth0", "address", MACS[side])
        with self.inside(side):
            settings = Path("/proc/sys/net/ipv6/conf/eth0")
            for name in ("router_solicitations", "accept_ra", "mldv2_unsolicited_report_interval"):
                (settings / name).write_text("0")

    def _put_bridge(self) -> None:
        ours = self._names["forwarder"]
        try:
            ip("-n", ours, "link", "add", "bridge0", "type", "bridge", "mcast_snooping", "0")
        except subprocess.CalledProcessError as error:
            raise CannotRun(f"cannot create a kernel bridge to compare with: {error.stderr.strip()}") from None
        self._middle.callback(ip, "-n", ours, "link", "del", "bridge0")
        for end in ("inner", "outer"):
            ip("-n", ours, "link", "set", end, "master", "bridge0")
        ip("-n", ours, "link", "set", "bridge0", "addrgenmode", "none")
        ip("-n", ours, "link", "set", "bridge0", "up")

    def _put_floor(self) -> None:
        command = self._inside_middle(self._python, "-m", "benchmarks.floor", "outer", "inner")
        process = subprocess.Popen(command, **OURS.place, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self._middle.callback(ended, process)
        assert process.stdout is not None
        with process.stdout:
            if not process.stdout.readline():
                raise Failed("the bare loop did not start")
        self.pid = process.pid

    def _put_before(self) -> None:
        self._other = OtherForwarder(self._before, self._python, self._names["forwarder"], self._middle)
        self.pid = self._other.pid

    def _put_forwarder(self) -> None:
        ours, theirs = channel.make_pair()
        self._middle.callback(ours.close)
        sampled = [str(self._samples)] if self._samples else []
        arguments = (str(theirs.fileno()), "outer", "inner", *sampled)
        command = self._inside_middle(self._python, "-m", "benchmarks.middle", *arguments)
        with theirs:
            self._process = subprocess.Popen(command, **OURS.place, pass_fds=[theirs.fileno()], start_new_session=True)
        self._middle.callback(ended, self._process)
        self.pid = self._process.pid
        self.control = ControlClient(ours)
        self._await_forwarder()

    def _await_forwarder(self) -> None:
        for _ in range(_START_SECONDS):
            if self._process.poll() is not None:
                raise Failed("the forwarder exited")
            try:
                self.report()
            except Unanswered:
                continue
            return
        raise Failed("the forwarder did not start")

    def _inside_middle(self, *arguments: str) -> list[str]:
        return ["ip", "netns", "exec", self._names["forwarder"], *arguments]


def ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout
