"""The metrics of all labs, read back by Prometheus's own parser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from synthlab.control.backend import Backend
from synthlab.errors import SynthlabError
from synthlab.testing import fake_backend

from .served import Served, serving

CLIENT2 = {"lab": "call", "client": "client2"}


def samples(served: Served) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = served.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def key(name: str, **labels: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    return name, tuple(sorted(labels.items()))


def test_metrics(served: Served) -> None:
    """What is set and counted on each link, and what each client receives, in base units."""
    change = {"egress": {"rate": "1mbit", "latency": "80ms", "jitter": "5ms", "loss": "5%"}}
    served.ask("PATCH", "/v1/labs/call/conditions", {"clients": ["client2"], "change": change, "for": "1min"})
    video = {"client2": {"fps": 15, "kbps": 800, "freezes": 2, "freeze_s": 1.5}}
    served.apis["client1"].answered_stats = {"values": {"video": video}, "age_s": {"video": 0.1}}
    seen = samples(served)
    egress = {**CLIENT2, "direction": "egress"}
    assert seen[key("synthlab_set_rate_bits_per_second", **egress, flow="default")] == 1e6
    assert seen[key("synthlab_set_latency_seconds", **egress, flow="default")] == 0.08
    assert seen[key("synthlab_set_jitter_seconds", **egress, flow="default")] == 0.005
    assert seen[key("synthlab_set_loss_ratio", **egress, flow="default")] == 0.05
    assert key("synthlab_set_loss_ratio", **CLIENT2, direction="ingress", flow="default") not in seen
    assert seen[key("synthlab_link_packets_in_total", **egress)] == 0
    assert seen[key("synthlab_forwarder_restarts_total", **CLIENT2)] == 0
    assert seen[key("synthlab_leases", **CLIENT2)] == 1
    stream = {"lab": "call", "client": "client1", "from": "client2", "kind": "video"}
    assert seen[key("synthlab_received_frames_per_second", **stream)] == 15
    assert seen[key("synthlab_received_bits_per_second", **stream)] == 800_000
    assert seen[key("synthlab_received_freeze_seconds_total", **stream)] == 1.5
    assert seen[key("synthlab_received_freezes_total", **stream)] == 2
    assert seen[key("synthlab_client_up", **CLIENT2)] == 1


def test_names_of_others(tmp_path: Path) -> None:
    """Names that participants choose are escaped; a client that does not answer is down."""
    backend, by_id = fake_backend("call")
    apis: dict[str, Any] = {api.name: api for api in by_id.values()}
    apis["client1"].answered_stats = {"values": {"video": {'a"b\\\nc': {"fps": 15}}}, "age_s": {"video": 0.1}}

    def fail() -> Any:
        raise SynthlabError("client2: its API does not answer")

    apis["client2"].state = fail
    with serving(tmp_path, Backend(backend.engine, backend.api), apis) as served:
        seen = samples(served)
    name = {"lab": "call", "client": "client1", "from": 'a"b\\\nc', "kind": "video"}
    assert seen[key("synthlab_received_frames_per_second", **name)] == 15
    assert seen[key("synthlab_client_up", **CLIENT2)] == 0


def test_verdicts(served: Served) -> None:
    served.dashboard.runs.verdicts["call", "dog-chews-fiber", "failed"] += 2
    counted = key("synthlab_runs_total", lab="call", scenario="dog-chews-fiber", verdict="failed")
    assert samples(served)[counted] == 2


def test_probes(served: Served) -> None:
    """What a client measured of others, of the client that probes and of the service that is probed."""
    values = {"p95_ms": 120, "requests": 9, "errors": 2, "skipped": 0}
    probes = {
        "web": {"http": {"values": values, "age_s": 0.1}},
        "db": {"tcp": {"values": {"connections": 3}, "age_s": 0}},
    }
    served.apis["client2"].answered_stats = {"values": {}, "age_s": {}, "probes": probes}
    seen = samples(served)
    web = {**CLIENT2, "service": "web", "kind": "http"}
    assert seen[key("synthlab_probe_p95_seconds", **web)] == 0.12
    assert seen[key("synthlab_probe_errors_total", **web)] == 2
    assert seen[key("synthlab_probe_tries_total", **CLIENT2, service="db", kind="tcp")] == 3
    assert key("synthlab_probe_seconds", **web) not in seen
