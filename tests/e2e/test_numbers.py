"""Probes and metrics of services that are only measured, compared with what is true from outside."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping

import pytest

from syntheticnet.probes.loop_watch import MOST_S, TICK_S
from syntheticnet.probes.numbers import LEAST_WINDOW_S
from synthlab import ExpectationFailed, Lab
from synthlab.control.probes import read_probes

from .labs import docker, lab_up, synthlab, until
from .own_projects import PROJECTS, OwnProject, project_image

pytestmark = [pytest.mark.docker, pytest.mark.issue(13), pytest.mark.timeout(300)]

STACK = PROJECTS / "numbers" / "stack.yaml"
NAME = "own-numbers"
LATENCY_MS = 150
TIMEOUT_S = 0.5
USER = "65313"
"""The prober's."""
UNNOTICED_MS = 1000 * (TICK_S + MOST_S)
"""The most by which this machine may delay a try that counts."""


@pytest.fixture(scope="module")
def own() -> Iterator[OwnProject]:
    """A shop that probes its web server and its database, neither of them conditioned."""
    project_image()
    with lab_up(NAME, STACK):
        yield OwnProject(f"synthlab-{NAME}", [])


def values(lab: Lab, service: str) -> Mapping[str, float]:
    """What the probe of a service has measured."""
    (reading,) = [one for one in read_probes(lab.find()) if one.name == service]
    assert reading.error is None
    return reading.values


def test_numbers_of_services(own: OwnProject) -> None:
    """Latency of the client that probes is in the times, failures are counted, and metrics are read."""
    with Lab.attach(NAME) as lab:
        until(lambda: all(values(lab, service)["p95_ms"] > 0 for service in ("web", "db")), 20)
        most = {service: values(lab, service)["p95_ms"] for service in ("web", "db")}
        lab["shop"].set(egress={"latency": f"{LATENCY_MS}ms"})
        time.sleep(LEAST_WINDOW_S + TIMEOUT_S)
        for service, round_trips in (("web", 2), ("db", 1)):
            least_ms = round_trips * LATENCY_MS
            assert least_ms <= values(lab, service)["p50_ms"] <= least_ms + most[service] + UNNOTICED_MS
        lab.expect(f"web.http.p50_ms > {2 * LATENCY_MS} and db.tcp.p50_ms < {2 * LATENCY_MS}", within="5s")
        lab.expect("web.metrics.open_files == 7 and db.metrics.open_files == 7", within="5s")
        told = json.loads(synthlab("stats", "web", "--json", "--lab", NAME).stdout)["web"]
        assert told["metrics"]["values"]['asked_total{path="/health"}'] > 5
        assert (told["http"]["from"], told["http"]["error"]) == ("shop", None)

        lab["shop"].reset()
        lab["shop"].set(egress={"outage": True})
        before = values(lab, "web")["errors"]
        with pytest.raises(ExpectationFailed, match=r"no data: web\.http\.p95_ms"):
            lab.expect("web.http.p95_ms >= 100000", within=f"{LEAST_WINDOW_S + 2 * TIMEOUT_S:g}s")
        broken = values(lab, "web")
        assert broken["errors"] > before
        assert not broken.keys() & {"ms", "p50_ms", "p95_ms", "status"}
        lab.expect("db.metrics.open_files == 7", within="5s")  # which no condition affects

        lab["shop"].reset()
        own.run("web", "sh", "-c", "echo 500 > /tmp/status")
        lab.expect("web.http.status == 500 and growth(web.http.errors, 1s) > 1", within="10s")
        lab.expect("db.tcp.p95_ms > 0 and growth(db.tcp.errors, 1s) == 0", within="5s")
        own.run("web", "rm", "/tmp/status")


@pytest.mark.soak
def test_nobody_measures(own: OwnProject) -> None:
    """Without its prober a probe has no data, not old values; a killed prober is replaced, a paused one skips."""
    holder = own.container("shop-network")
    with Lab.attach(NAME) as lab:
        lab.expect("web.http.p95_ms > 0", within="20s")

        docker("pause", holder)
        time.sleep(2)
        docker("unpause", holder)
        time.sleep(0.5)
        assert values(lab, "web")["p95_ms"] < 1000

        listed = docker("top", holder, "-o", "pid,user").splitlines()
        before = values(lab, "web")["requests"]
        os.kill(int(next(row.split()[0] for row in listed if row.split()[1] == USER)), signal.SIGKILL)
        until(lambda: 0 < values(lab, "web").get("requests", 0) < before, 10)

        docker("stop", "--time", "1", holder)
        with pytest.raises(ExpectationFailed, match=r"no data: web\.http\.p95_ms"):
            lab.expect("web.http.p95_ms >= 100000", within="5s")
        synthlab("restart", "shop", "--lab", NAME)
        lab.refresh()
        lab.expect("web.http.p95_ms > 0 and db.tcp.p95_ms > 0", within="20s")
