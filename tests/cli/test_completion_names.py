"""The names that a shell completes."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from synthlab.cli.completion_names import client_names, flow_names, lab_names
from synthlab.engine.listing import Member, read_member

KNOWN = [
    Member("a", "", "", "sfu", None),
    Member("a", "bot-1", "bot", "client", None),
    Member("a", "bot-2", "bot", "client", None),
    Member("b", "client1", "client1", "client", None),
]


def test_lines() -> None:
    """A line of `docker ps` becomes a member, with the port of its API."""
    ports = "5901/tcp, 127.0.0.1:32801->80/tcp, 127.0.0.1:5901->5901/tcp"
    assert read_member(f"call\tbot-1\tbot\tclient\t{ports}") == Member("call", "bot-1", "bot", "client", 32801)
    assert read_member("call\t\t\tsfu\t") == Member("call", "", "", "sfu", None)


def test_names() -> None:
    """Labs, and the clients and groups of one lab or of all, each once."""
    assert lab_names(KNOWN) == ["a", "b"]
    assert client_names(KNOWN, "a") == ["sfu", "bot", "bot-1", "bot-2"]
    assert client_names(KNOWN, None)[-1] == "client1"


def test_flows() -> None:
    """Flows are requested only from the clients named on the line."""

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"flows": {"*:udp": {}}}).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        known = [Member("a", "client1", "client1", "client", server.server_port), *KNOWN]
        assert flow_names(known, None, ["client1"]) == ["*:udp"]
        assert flow_names(known, None, []) == ["*:udp"]
        assert flow_names(known, "b", []) == []
        assert flow_names(known, None, ["bot"]) == []
        server.shutdown()
