"""Answers /health, with the status that /tmp/status holds, and /metrics; run as PORT."""

import http.server
import pathlib
import sys

STATUS = pathlib.Path("/tmp/status")


class Handler(http.server.BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self) -> None:
        Handler.asked += self.path == "/health"
        text = f'# TYPE asked_total counter\nasked_total{{path="/health"}} {Handler.asked}\nopen_files 7\n'
        self.send_response(int(STATUS.read_text()) if STATUS.exists() and self.path == "/health" else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *words: object) -> None:
        pass


http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Handler).serve_forever()
