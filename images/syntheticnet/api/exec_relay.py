"""Relays the host's requests to the API; started by `docker exec` if the host cannot reach published ports.

Its argument is the number of the network whose API is meant, from 0, where a container has several.

Each request is one JSON line, `{"method", "target", "headers", "body"}`, and each answer is one line,
`{"status", "headers", "body"}` or `{"error"}`; bodies are base64. The relay ends when its input does.

The firewall admits packets to the relay's port by a mark that only a process with NET_ADMIN can set: the engine grants
NET_ADMIN to the processes it starts, and the application has lost it.
"""

from __future__ import annotations

import base64
import json
import socket
import sys
from http.client import HTTPConnection, HTTPException
from typing import Any

from ..firewall import CONTROL_MARK, CONTROL_PORTS

SECONDS = 5.0
_SO_MARK = 36


class ControlPort(HTTPConnection):
    """A connection to the API on the port kept for the host; requires NET_ADMIN."""

    def __init__(self, network: int) -> None:
        super().__init__("127.0.0.1", CONTROL_PORTS[network], timeout=SECONDS)

    def connect(self) -> None:
        self.sock = socket.socket()
        self.sock.settimeout(SECONDS)
        self.sock.setsockopt(socket.SOL_SOCKET, _SO_MARK, CONTROL_MARK)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.connect((self.host, self.port))


def answer(connection: HTTPConnection, line: bytes) -> dict[str, Any]:
    """The API's answer to one request; `error` if there is none."""
    request = json.loads(line)
    headers = request["headers"] | {"Host": "localhost"}
    try:
        connection.request(request["method"], request["target"], base64.b64decode(request["body"]), headers)
        response = connection.getresponse()
        body = base64.b64encode(response.read()).decode()
        return {"status": response.status, "headers": dict(response.getheaders()), "body": body}
    except (OSError, HTTPException) as error:
        connection.close()  # the next request opens a new connection
        return {"error": str(error) or type(error).__name__}


def main(network: int) -> None:
    connection = ControlPort(network)
    for line in sys.stdin.buffer:
        print(json.dumps(answer(connection, line)), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 0)
