"""A second Docker engine on this machine, in its own network namespace, which tests can stop and kill."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from .far import Machine, namespace

NAMESPACE = "e2e-engine"
PATIENCE_S = 60.0


class SecondEngine:
    """Data and runtime files are in `folder`; `machine` runs programs in its namespace.

    `options` are dockerd's, `within` a command that starts it.
    """

    def __init__(
        self,
        folder: Path,
        name: str = NAMESPACE,
        options: Sequence[str] = ("--bridge=none",),
        within: Sequence[str] = (),
    ) -> None:
        self._folder = folder
        self._options, self._within = options, within
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"unix://{folder}/docker.sock"
        self.machine = Machine({"DOCKER_HOST": self.address}, name)

    def start(self) -> None:
        """Start it and wait until it answers."""
        folder = self._folder
        name = self.machine.namespace
        options = [f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/docker.pid"]
        options += [f"--host={self.address}", f"--containerd-namespace={name}", *self._options]
        with (folder / "log").open("ab") as log:
            # not with `ip netns exec`, which hides the control groups
            command = ["nsenter", f"--net=/run/netns/{name}", *self._within, "dockerd", *options]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + PATIENCE_S
        while self.machine.run("docker", "info", status=None).returncode:
            assert self._process.poll() is None, (folder / "log").read_text()[-2000:]
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def load(self, *images: str) -> None:
        """Copy these images from the first engine."""
        copying = f"docker --host unix:///var/run/docker.sock save {' '.join(images)} | docker load"
        self.machine.run("sh", "-c", copying)

    def end(self, number: signal.Signals) -> None:
        """On SIGTERM the engine stops its containers first; on SIGKILL everything stays in place."""
        assert self._process
        self._process.send_signal(number)
        self._process.wait(PATIENCE_S)
        if number == signal.SIGKILL:  # its containerd dies too; a reboot would also remove these state files
            (self._folder / "exec" / "containerd" / "containerd.pid").unlink()


@contextmanager
def second_engine(*images: str, name: str = NAMESPACE) -> Iterator[SecondEngine]:
    """The engine, with these images copied from the first one."""
    with namespace(name), TemporaryDirectory(prefix=f"{name}-", ignore_cleanup_errors=True) as folder:
        engine = SecondEngine(Path(folder), name)
        engine.start()
        try:
            engine.load(*images)
            yield engine
        finally:
            engine.end(signal.SIGTERM)
            unmount(folder)


def unmount(folder: str) -> None:
    """Mounts left by a killed engine, innermost first."""
    places = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in reversed([place for place in places if place.startswith(folder)]):
        subprocess.run(["umount", place], check=True)
