"""A Unix socket to an engine behind SSH or TLS.

The SDK's own SSH transport needs paramiko, one more dependency with its own idea of keys and of ~/.ssh/config. `docker
system dial-stdio` connects exactly as the docker command does: same keys, agent, jump hosts and certificates.
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
from pathlib import Path

DIAL = ("system", "dial-stdio")


class DialledSocket:
    """Each connection to the socket at `path` becomes a `docker system dial-stdio`; open until this process exits."""

    def __init__(self, command: str) -> None:
        self._dial = (command, *DIAL)
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
            # Our copy is closed once the child has its own: otherwise the SDK would never see the end of a connection.
            with connection:
                # ssh's messages, such as why it was refused, go to our own stderr.
                dialled = subprocess.Popen(
                    self._dial, stdin=connection.fileno(), stdout=connection.fileno(), start_new_session=True
                )
            self._dialled = [old for old in self._dialled if old.poll() is None] + [dialled]
