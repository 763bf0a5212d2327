"""What twenty wrapped services cost beside the same project as it is: time of `up`, CPU time at rest, memory."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from docker import APIClient

from .labs import docker, synthlab
from .own_projects import IMAGE, plain, project_image, wrapped

pytestmark = [pytest.mark.docker, pytest.mark.issue(13), pytest.mark.soak, pytest.mark.timeout(600)]

SERVICES = 20
REST_S = 30
MOST_SHARE = 0.05


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project_image()
    body = {"image": IMAGE, "command": "sleep infinity", "init": True}
    file = tmp_path / "compose.yaml"
    file.write_text(json.dumps({"services": {f"s{number}": body for number in range(SERVICES)}}))
    return file


def test_twenty(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At most 2.5 times the time of Compose or 0.25 s a service more; at rest at most 5 % of a core for all."""
    synthlab("images", "build")
    start = time.monotonic()
    with plain("many", [project]):
        plain_s = time.monotonic() - start
    start = time.monotonic()
    with wrapped("many", [project], "--impair", "all"):
        wrapped_s = time.monotonic() - start
        own = "label=com.docker.compose.project=synthlab-own-many"
        companions = docker("ps", "-q", "--filter", own, "--filter", "label=synthlab.role=network").split()
        assert len(companions) == SERVICES
        time.sleep(5)
        before = _usage(companions)
        time.sleep(REST_S)
        after = _usage(companions)
    share = sum(cpu for cpu, _ in after) - sum(cpu for cpu, _ in before)
    memory = sorted(octets for _, octets in after)
    with capsys.disabled():
        print(
            f"\nup: {plain_s:.1f} s plain, {wrapped_s:.1f} s wrapped; at rest {share / REST_S:.2%} of a core for "
            f"{SERVICES}; memory of a companion {memory[len(memory) // 2] / 1e6:.1f} MB"
        )
    assert wrapped_s <= max(2.5 * plain_s, plain_s + 0.25 * SERVICES)
    assert share / REST_S <= MOST_SHARE


def _usage(containers: list[str]) -> list[tuple[float, int]]:
    """CPU seconds and bytes of memory of each container, as the engine counts them."""
    engine = APIClient()
    try:
        stats = [engine.stats(container, stream=False, one_shot=True) for container in containers]
    finally:
        engine.close()
    return [(one["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9, one["memory_stats"]["usage"]) for one in stats]
