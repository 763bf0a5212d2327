"""A Unix socket that leads to an engine that only the `docker` command can reach: over SSH, with its keys."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
from pathlib import Path

DIAL = ("docker", "system", "dial-stdio")


class Tunnel:
    """Each connection to the socket at `path` becomes a `docker system dial-stdio`. Lasts as long as this process."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="synthlab-", ignore_cleanup_errors=True)
        self.path = Path(self._folder.name) / "docker.sock"
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.path))
        self._server.listen(64)
        self._dialled: list[subprocess.Popen[bytes]] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._server.accept()
            with connection:
                # What ssh has to say, such as why it was refused, goes to our own stderr.
                dialled = subprocess.Popen(
                    DIAL, stdin=connection.fileno(), stdout=connection.fileno(), start_new_session=True
                )
            self._dialled = [old for old in self._dialled if old.poll() is None] + [dialled]
