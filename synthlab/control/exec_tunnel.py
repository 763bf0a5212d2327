"""Sends API requests through a program in the client's container, for engines whose published ports are unreachable.

Requests travel over the program's stdin and stdout, which `docker exec` connects to us. Whatever reaches the engine
(ssh, a remote context) therefore reaches the client, with no port to open or forward.
"""

from __future__ import annotations

import base64
import contextlib
import json
import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..engine.api import EngineApi
from ..engine.containers import Container
from ..engine.exec import PYTHON, last_line

START_S = 20.0
END_S = 1.0

IN_CONTAINER = (PYTHON, "-I", "-m", "syntheticnet.api.exec_relay")


@dataclass(frozen=True, slots=True)
class Answer:
    """The API's response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Relay:
    """The program. The first request starts it, and it runs until `close`. One request at a time."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._asking = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes] = queue.Queue()

    @classmethod
    def into(cls, container: Container, engine: EngineApi) -> Relay:
        """The relay of a client's container."""
        return cls(engine.exec_command(container, [*IN_CONTAINER, str(container.number)], user="root"))

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        """Raises TimeoutError, or OSError with one line on what failed."""
        request = {"method": method, "target": target, "headers": dict(headers)}
        text = json.dumps(request | {"body": base64.b64encode(body).decode()})
        with self._asking:
            answer = self._exchange(text.encode() + b"\n", timeout_s)
        if "error" in answer:
            raise OSError(answer["error"])
        return Answer(answer["status"], answer["headers"], base64.b64decode(answer["body"]))

    def close(self) -> None:
        """Stop the program."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin
            with contextlib.suppress(OSError):
                process.stdin.close()  # the program exits at the end of its input
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
            self._finish(process)

    def _exchange(self, line: bytes, timeout_s: float) -> Any:
        if self._process is None:
            timeout_s = max(timeout_s, START_S)
            self._process = self._start()
        assert self._process.stdin
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
            if answer := self._lines.get(timeout=timeout_s):
                return json.loads(answer)
        except queue.Empty:
            # A late answer would be taken for that of the next request, so the program is not reused.
            self.close()
            raise TimeoutError from None
        except BrokenPipeError:
            pass  # it has exited; its stderr has the reason
        raise self._failure()

    def _failure(self) -> OSError:
        """Why the program exited; the next request starts a new one."""
        process, self._process = self._process, None
        assert process
        assert process.stderr
        message = last_line(process.stderr.read())
        self._finish(process)
        return OSError(message or f"{' '.join(self._command[:2])} exited with status {process.returncode}")

    def _start(self) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        # In a new session, so that Ctrl-C does not kill it: reverting a change may still need it.
        process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=_read, args=(process, self._lines), daemon=True)
        self._reader.start()
        return process

    def _finish(self, process: subprocess.Popen[bytes]) -> None:
        self._reader.join(END_S)
        with contextlib.suppress(OSError), process:
            pass


def _read(process: subprocess.Popen[bytes], lines: queue.Queue[bytes]) -> None:
    """Queue the program's output by line; an empty line marks its exit."""
    assert process.stdout
    for line in process.stdout:
        lines.put(line)
    lines.put(b"")
