"""A small web application over HTTPS, with a login, a call within a page, and a widget from another origin."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

FOLDER = Path(__file__).parent
HOSTS = ("app.test", "widget.test")
PASSWORD = "open sesame"

_TYPES = {".html": "text/html", ".js": "text/javascript"}


@dataclass(frozen=True)
class WebApp:
    """Its port, on all addresses of this machine, and the authority of its certificate."""

    port: int
    ca: Path

    def url(self, path: str, host: str = HOSTS[0]) -> str:
        return f"https://{host}:{self.port}{path}"


@contextmanager
def web_app(folder: Path) -> Iterator[WebApp]:
    """Run the application during the context; keys and certificates are created in `folder`."""
    make_certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    server = ThreadingHTTPServer(("0.0.0.0", 0), _Handler)
    # The handshake runs in each connection's thread; otherwise a slow client would block all.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield WebApp(server.server_port, folder / "ca.pem")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/room.html" and "user=" not in self.headers.get("Cookie", ""):
            return self._go("/login.html")
        file = FOLDER / path.lstrip("/")
        if file.suffix not in _TYPES or not file.is_file():
            return self._answer(404, b"no such page", "text/plain")
        return self._answer(200, file.read_bytes(), _TYPES[file.suffix])

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if form.get("password") != [PASSWORD]:
            return self._answer(403, b"wrong password", "text/plain")
        port = self.headers["Host"].partition(":")[2]
        return self._go(f"/room.html?widget=https://{HOSTS[1]}:{port}/widget.html", f"user={form['user'][0]}")

    def _go(self, where: str, cookie: str | None = None) -> None:
        self._answer(303, b"", "text/plain", Location=where, **({"Set-Cookie": cookie} if cookie else {}))

    def _answer(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing, to keep pytest's output clean."""


def make_certificates(folder: Path) -> None:
    """Create ca.pem, and server.pem with server.key for the hosts."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ",".join(f"DNS:{host}" for host in HOSTS)
    ca = ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=synthlab test", "-addext", "keyUsage=keyCertSign"]
    _openssl(folder, "req", "-x509", "-days", "2", *key, *ca)
    _openssl(folder, "req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", f"/CN={HOSTS[0]}")
    (folder / "extensions").write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
    signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "extensions"]
    _openssl(folder, "x509", "-req", "-in", "server.csr", "-out", "server.pem", *signing)


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, check=True)
