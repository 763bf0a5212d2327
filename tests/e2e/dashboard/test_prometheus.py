"""The lab's numbers in a real Prometheus."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ...test_monitoring import panel_queries, variable_queries
from ..labs import until
from ..pair import Pair
from ..prometheus import prometheus
from .server import LAB, Server, reached

pytestmark = [pytest.mark.docker, pytest.mark.issue(12)]


def test_prometheus(server: Server, tmp_path: Path) -> None:
    """Debian's Prometheus scrapes lab and container as docs say, and answers every query of the Grafana dashboard."""
    change = {"egress": {"latency": "30ms"}}
    server.ask("PATCH", f"/v1/labs/{LAB}/conditions", {"clients": ["client2"], "change": change})
    assert reached() == "ConnectionRefusedError"
    target = server.http.base_url.netloc.decode()
    single = f"127.0.0.1:{Pair(LAB).port('client1')}"
    with prometheus(tmp_path, target, server.token, single) as scraping:
        until(scraping.is_ready)
        labels = f'{{lab="{LAB}", client="client2", direction="egress"}}'
        until(lambda: [value for _, value in scraping.query(f"synthlab_set_latency_seconds{labels}")] == [0.03])
        until(lambda: [value for _, value in scraping.query("up")] == [1, 1])
        labs, clients = variable_queries()
        assert {LAB, "single"} <= scraping.labels(labs)
        assert scraping.labels(clients.replace("$lab", "single")) == {"client1"}
        server.ask("DELETE", f"/v1/labs/{LAB}/conditions", {})
        until(lambda: not scraping.query(f"synthlab_set_latency_seconds{labels}"))
        passed = f"synthlab_link_packets_in_total{labels.replace('client2', 'client1')}"
        until(lambda: any(packets > 0 for _, packets in scraping.query(passed)))
        for text in panel_queries():
            scraping.query(text.replace("$lab", LAB).replace("$client", ".*"))
        # What one container shows by itself; without traffic it has no rate, delay and loss.
        alone = [text.replace("$lab", "single").replace("$client", ".*") for text in panel_queries()]
        shown = [text for text in alone if not re.search("_(set|received|runs|dropped|rate|loss|delay)_", text)]
        assert [text for text in shown if not scraping.query(text)] == []
        scraping.check_metrics(server.http.get("/metrics").text)
        own = server.http.get(f"/v1/labs/{LAB}/clients/client2/api/metrics").text
        assert "synthlab_link_packets_in_total" in own
        scraping.check_metrics(own)
