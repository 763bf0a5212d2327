"""Debian's Prometheus, which scrapes with the configuration of docs/monitoring."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs/metrics.md"
CONFIGURATION = ROOT / "docs/monitoring/prometheus.yml"


@dataclass(frozen=True)
class Prometheus:
    http: httpx.Client
    promtool: Path

    def query(self, text: str) -> list[tuple[dict[str, str], float]]:
        """Labels and values of an instant query."""
        answer = self.http.get("/api/v1/query", params={"query": text})
        assert answer.is_success, answer.text
        return [(row["metric"], float(row["value"][1])) for row in answer.json()["data"]["result"]]

    def labels(self, definition: str) -> set[str]:
        """The values of one of Grafana's variables, by its definition."""
        found = re.fullmatch(r"label_values\((.*), (\w+)\)", definition)
        assert found
        answer = self.http.get(f"/api/v1/label/{found[2]}/values", params={"match[]": found[1]})
        return set(answer.json()["data"])

    def is_ready(self) -> bool:
        try:
            return self.http.get("/-/ready").is_success
        except httpx.TransportError:
            return False

    def check_metrics(self, text: str) -> None:
        """By promtool. Its advice about names, which it gives with status 3, does not count."""
        command = [str(self.promtool), "check", "metrics"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 3), done.stderr


@contextmanager
def prometheus(folder: Path, target: str, token: str, single: str) -> Iterator[Prometheus]:
    """A server on loopback whose files are in the folder; only the ports and the token are filled in.

    It scrapes the client at `single` as a container without a lab.
    """
    programs = Path(
        subprocess.run([ROOT / ".ci/prometheus"], capture_output=True, text=True, check=True).stdout.strip()
    )
    (job,) = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(), re.DOTALL)
    configured = folder / "prometheus.yml"
    text, count = re.subn(r"127\.0\.0\.1:8800(?=\"\])", target, CONFIGURATION.read_text())
    assert count == 1
    configured.write_text(text + job.replace("127.0.0.1:3000", single))
    (folder / "synthlab-token").write_text(f"{token}\n")
    subprocess.run([programs / "promtool", "check", "config", configured], check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        own = f"127.0.0.1:{free.getsockname()[1]}"
    command = [
        str(programs / "prometheus"),
        f"--config.file={configured}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={own}",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            with httpx.Client(base_url=f"http://{own}", timeout=10) as http:
                yield Prometheus(http, programs / "promtool")
        finally:
            process.terminate()
