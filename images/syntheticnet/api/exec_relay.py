"""Passes the host's requests on to the API: what `docker exec` runs where published ports do not lead to the host.

One JSON line in, `{"method", "target", "headers", "body"}`, one line out, `{"status", "headers", "body"}` or
`{"error"}`; bodies are in base64. It ends with its input. The API's control port accepts the mark that only a process
with NET_ADMIN can set: the engine gives that to what it starts, and the application has lost it.
"""

from __future__ import annotations

import base64
import json
import socket
import sys
from http.client import HTTPConnection, HTTPException
from typing import Any

from ..firewall import CONTROL_MARK, CONTROL_PORT

SECONDS = 5.0
_SO_MARK = 36


class ControlPort(HTTPConnection):
    """A connection to the API through its control port; needs NET_ADMIN."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1", CONTROL_PORT, timeout=SECONDS)

    def connect(self) -> None:
        self.sock = socket.socket()
        self.sock.settimeout(SECONDS)
        self.sock.setsockopt(socket.SOL_SOCKET, _SO_MARK, CONTROL_MARK)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.connect((self.host, self.port))


def answer(control_port: HTTPConnection, line: bytes) -> dict[str, Any]:
    """What the API says to one request; `error` where it says nothing."""
    request = json.loads(line)
    headers = request["headers"] | {"Host": "localhost"}
    try:
        control_port.request(request["method"], request["target"], base64.b64decode(request["body"]), headers)
        response = control_port.getresponse()
        body = base64.b64encode(response.read()).decode()
        return {"status": response.status, "headers": dict(response.getheaders()), "body": body}
    except (OSError, HTTPException) as error:
        control_port.close()  # the next request finds a new connection
        return {"error": str(error) or type(error).__name__}


def main() -> None:
    control_port = ControlPort()
    for line in sys.stdin.buffer:
        print(json.dumps(answer(control_port, line)), flush=True)


if __name__ == "__main__":
    main()
