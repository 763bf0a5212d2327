"""The program that reads an address from inside a network."""

from __future__ import annotations

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from synthlab.engine.guest import fetch


class Metrics(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write("rooms 3\nä\n".encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


def run(port: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", fetch.__file__, f"http://127.0.0.1:{port}/metrics", "3"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_is_there() -> None:
    """It prints the answer as it came."""
    with HTTPServer(("127.0.0.1", 0), Metrics) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        done = run(server.server_port)
        thread.join()
    assert (done.returncode, done.stdout, done.stderr) == (0, "rooms 3\nä\n", "")


def test_nobody_there() -> None:
    """One line says so."""
    with HTTPServer(("127.0.0.1", 0), Metrics) as server:
        port = server.server_port
    done = run(port)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "<urlopen error [Errno 111] Connection refused>\n"
