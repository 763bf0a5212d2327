"""Two network namespaces, and between them what is measured: a kernel bridge, or a forwarder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

from syntheticnet import channel as switchboard
from syntheticnet.channel import ControlClient, Unanswered
from tests.syntheticnet.veth.world import ADDRESSES, BOTH, Side, World, other

from .errors import CannotRun, Failed
from .process import ended

Kind = Literal["bridge", "forwarder"]

ROOT = Path(__file__).parents[1]
MACS: dict[Side, str] = {"client": "02:00:00:00:00:01", "server": "02:00:00:00:00:02"}
# What conditions drop on purpose; every other cause is a failure to forward.
WANTED_DROPS = frozenset({"loss", "queue"})
_START_SECONDS = 20


class Testbed(World):
    """A world whose middle can be exchanged; what it starts ends with it."""

    def __init__(self, cleanup: ExitStack, samples: Path | None = None) -> None:
        """With `samples`, a forwarder's stack is sampled, and what was seen written there when it ends."""
        self._samples = samples
        self._kind: Kind | None = None
        self.pid = 0
        super().__init__(cleanup)

    def put(self, kind: Kind) -> None:
        """Have a bridge in the middle, or a forwarder; one that is there already stays."""
        if kind == self._kind:
            return
        self.clear()
        if kind == "bridge":
            self._put_bridge()
        else:
            self._put_forwarder()
        self._kind = kind

    def put_pair(self, conditions: dict[str, Any]) -> dict[str, int]:
        """Have a forwarder with its API in the middle, forked as PID 1 does; returns their process ids."""
        self.clear()
        command = self._inside_middle("-m", "benchmarks.pair", "outer", "inner", json.dumps(conditions))
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self._middle.callback(ended, process)
        assert process.stdout is not None
        with process.stdout:
            line = process.stdout.readline()
        if not line:
            raise Failed("forwarder and API did not start")
        pids: dict[str, int] = json.loads(line)
        return pids

    def clear(self) -> None:
        """Take away what is in the middle."""
        self._kind = None
        self._middle.close()

    def impose(self, conditions: dict[str, Any]) -> None:
        """Put conditions in force; a bridge has none."""
        if self._kind == "forwarder":
            self.configure(**conditions)

    def drops(self) -> Counter[str]:
        """What the forwarder has dropped against its will, by cause; nothing for a bridge."""
        if self._kind != "forwarder":
            return Counter()
        found: Counter[str] = Counter()
        for link in self.report()["links"].values():
            found.update({cause: n for cause, n in link["dropped"].items() if cause not in WANTED_DROPS})
        return found

    def interface_drops(self) -> int:
        """Packets that any interface of the path has dropped since it was made."""
        interfaces = [
            interface
            for name in self._names.values()
            for interface in json.loads(ip("-n", name, "-j", "-s", "link", "show", "type", "veth"))
        ]
        return sum(interface["stats64"][way]["dropped"] for interface in interfaces for way in ("rx", "tx"))

    def counters(self, side: Side) -> dict[str, int]:
        """Packets that a side's interface has received and sent."""
        with self.inside(side):
            rows = Path("/proc/thread-self/net/dev").read_text().splitlines()
        fields = next(row for row in rows if row.strip().startswith("eth0:")).split(":")[1].split()
        return {"received": int(fields[1]), "sent": int(fields[9])}

    def command(self, side: Side, *arguments: str) -> list[str]:
        """A command line that runs in a side's namespace."""
        return ["ip", "netns", "exec", self._names[side], *arguments]

    def listening(self, side: Side, port: int) -> bool:
        """Whether a TCP server of a side accepts connections at a port."""
        with self.inside(side):
            text = "".join(Path(f"/proc/thread-self/net/tcp{six}").read_text() for six in ("", "6"))
        rows = (row.split() for row in text.splitlines())
        return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)

    def _start(self, cleanup: ExitStack) -> None:
        self._middle = cleanup.enter_context(ExitStack())
        for side in BOTH:
            self._quieten(side)
        self._up()
        for side in BOTH:
            for address in ADDRESSES[other(side)].values():
                ip("-n", self._names[side], "neigh", "replace", address, "lladdr", MACS[other(side)], "dev", "eth0")

    def _quieten(self, side: Side) -> None:
        """Let the side's kernel ask nobody anything: a measurement without traffic is to have none."""
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
            raise CannotRun(f"this kernel has no bridge to compare with: {error.stderr.strip()}") from None
        self._middle.callback(ip, "-n", ours, "link", "del", "bridge0")
        for end in ("inner", "outer"):
            ip("-n", ours, "link", "set", end, "master", "bridge0")
        ip("-n", ours, "link", "set", "bridge0", "addrgenmode", "none")
        ip("-n", ours, "link", "set", "bridge0", "up")

    def _put_forwarder(self) -> None:
        ours, theirs = switchboard.make_pair()
        self._middle.callback(ours.close)
        sampled = [str(self._samples)] if self._samples else []
        command = self._inside_middle("-m", "benchmarks.middle", str(theirs.fileno()), "outer", "inner", *sampled)
        with theirs:
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=ROOT, start_new_session=True)
        self._middle.callback(ended, self._process)
        self.pid = self._process.pid
        self._control = ControlClient(ours)
        self._await_forwarder()

    def _await_forwarder(self) -> None:
        for _ in range(_START_SECONDS):
            if self._process.poll() is not None:
                raise Failed("the forwarder ended")
            try:
                self.report()
            except Unanswered:
                continue
            return
        raise Failed("the forwarder did not start")

    def _inside_middle(self, *arguments: str) -> list[str]:
        return ["ip", "netns", "exec", self._names["forwarder"], sys.executable, *arguments]


def ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout
