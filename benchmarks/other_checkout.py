"""The forwarder of another checkout, run with that checkout's code and asked over a pipe, to compare with ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import CannotRun, Failed
from .process import ended

_END_SECONDS = 5
_GUEST = Path(__file__).with_name("guest.py")


@dataclass(frozen=True)
class OtherCheckout:
    """The folder of a checkout that has this benchmark, of this commit or another."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> OtherCheckout:
        """Raises CannotRun if the folder is no such checkout."""
        for part in ("benchmarks/testbed.py", "images/syntheticnet"):
            if not (folder / part).exists():
                raise CannotRun(f"{folder} has no {part}; expected a checkout of synthlab")
        return cls(folder.resolve())

    @property
    def place(self) -> dict[str, Any]:
        """For Popen: a process with this folder's code, whatever is installed."""
        paths = os.pathsep.join(map(str, (self.folder, self.folder / "images")))
        return {"cwd": self.folder, "env": {**os.environ, "PYTHONPATH": paths}}


class OtherForwarder:
    """A forwarder between the interfaces `outer` and `inner` of a network namespace, run by `python`.

    It ends with `cleanup`.
    """

    def __init__(self, checkout: OtherCheckout, python: str, namespace: str, cleanup: ExitStack) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_GUEST), python, namespace],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **checkout.place,
        )
        cleanup.callback(self._end)
        self.pid = int(self._read()["pid"])

    def ask(self, op: str, **arguments: Any) -> dict[str, Any]:
        """Raises Failed if the forwarder refuses or does not answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"op": op, **arguments}) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "it ended"}
        if "error" in answer:
            raise Failed(f"the other checkout's forwarder: {answer['error']}")
        return answer

    def _end(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        with suppress(subprocess.TimeoutExpired):
            # The end of its input ends it, and its forwarder first; one whose guest is killed complains.
            self._process.wait(_END_SECONDS)
        ended(self._process)
