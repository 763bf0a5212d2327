"""What is measured of clients, services and servers: metrics, and probes with the client that sends them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthlab.errors import WrongUse
from synthlab.stack import Measured, Stack, StackProbe
from synthlab.stack.rights import stack_acts
from synthlab.text.durations import MS_NS, SECOND_NS

from .compose_projects import project, stack_with

pytestmark = pytest.mark.issue(13)

SERVICES: dict[str, Any] = {name: {"image": "nginx", "networks": {"default": None}} for name in ("web", "db", "shop")}
SERVICES["worker"] = SERVICES["web"] | {"scale": 2}
TOP = "compose: compose.yaml\n"


def read(folder: Path, clients: str, top: str = TOP) -> Stack:
    return stack_with(folder, f"{top}clients:\n  shop: {{service: shop}}\n  {clients}\n", SERVICES)


def http(url: str, source: str = "shop") -> StackProbe:
    return StackProbe(kind="http", url=url, source=source, interval_ns=SECOND_NS, timeout_ns=5 * SECOND_NS)


def test_a_service(tmp_path: Path) -> None:
    """A port alone is the service's own; pace and timeout may be left out."""
    entry = "{service: web, metrics: ':9100', http: {url: ':8000/health', from: shop}, tcp: {port: 5, from: shop}}"
    stack = read(tmp_path, f"web: {entry}")
    tcp = StackProbe(kind="tcp", url="tcp://web:5", source="shop", interval_ns=SECOND_NS, timeout_ns=5 * SECOND_NS)
    assert stack.measured == {
        "web": Measured(metrics="http://web:9100/metrics", probes=(http("http://web:8000/health"), tcp))
    }
    assert stack.numbers == ("web.http", "web.tcp", "web.metrics")
    assert list(stack.conditioned) == ["shop", "web"]


def test_without_conditions(tmp_path: Path) -> None:
    """`impair: false` measures a service and leaves it as it is."""
    stack = read(tmp_path, "db: {service: db, impair: false, tcp: {port: 5, host: web, from: shop, interval: 100ms}}")
    assert list(stack.conditioned) == ["shop"]
    (probe,) = stack.measured["db"].probes
    assert (probe.url, probe.interval_ns) == ("tcp://web:5", 100 * MS_NS)


def test_by_extension() -> None:
    """`x-synthlab` has the same keys beside the conditions; `--impair all` leaves out what is only measured."""
    slow = {"egress": {"latency": "50ms"}, "http": {"url": "http://db:1/", "from": "web"}, "metrics": "http://web/m"}
    services = SERVICES | {
        "web": SERVICES["web"] | {"x-synthlab": {"metrics": ":1/m"}},
        "shop": SERVICES["shop"] | {"x-synthlab": slow},
        "db": SERVICES["db"] | {"x-synthlab": {"impair": False, "metrics": ":2"}},
    }
    for impair in ((), ("all",)):
        stack = project(services, *impair)
        assert stack.conditioned["shop"].conditions.to_dict() == {"egress": {"latency": "50ms"}}
        assert stack.measured == {
            "web": Measured(metrics="http://web:1/m"),
            "shop": Measured(metrics="http://web/m", probes=(http("http://db:1/", "web"),)),
            "db": Measured(metrics="http://db:2/metrics"),
        }
        assert "db" not in stack.conditioned
    with pytest.raises(WrongUse, match=r"--impair db: its `x-synthlab` has `impair: false`"):
        project(services, "db")


def test_several(tmp_path: Path) -> None:
    """Clients of a `count` and replicas are measured each by its own name."""
    entry = "{service: worker, metrics: ':1', http: {url: 'http://{name}:2/', from: bot-1}}"
    stack = read(tmp_path, f"bot: {{image: x, count: 2, metrics: ':3'}}\n  worker: {entry}")
    assert stack.measured["worker-2"].probes == (http("http://worker-2:2/", "bot-1"),)
    assert {name: one.metrics for name, one in stack.measured.items()} == {
        "bot-1": "http://bot-1:3/metrics",
        "bot-2": "http://bot-2:3/metrics",
        "worker-1": "http://worker-1:1/metrics",
        "worker-2": "http://worker-2:1/metrics",
    }


def test_a_media_server(tmp_path: Path) -> None:
    """It is measured like any other; if it has conditions, it can probe, too."""
    top = "sfu: {image: x, network: {}, metrics: ':1', http: {url: ':2', from: shop}}\n" + TOP
    stack = read(tmp_path, "web: {service: web, http: {url: 'https://web/', from: sfu}}", top)
    assert stack.measured["sfu"] == Measured(metrics="http://sfu:1/metrics", probes=(http("http://sfu:2/"),))
    assert stack.measured["web"].probes == (http("https://web/", "sfu"),)


def test_other_hosts(tmp_path: Path) -> None:
    """Only metrics outside the lab are requested from this machine."""
    stack = read(
        tmp_path, "web: {service: web, metrics: 'http://db/m'}\n  x: {image: x, metrics: 'http://a.example/m'}"
    )
    sent = [line for line in stack_acts(stack) if "sends" in line]
    assert sent == ["x: sends requests to http://a.example/m from this machine"]


MISTAKES = {
    "no source": ("http: {url: ':1'}", r":4: clients.web.http: requires from: the client whose path is measured"),
    "unknown source": ("http: {url: ':1', from: shpo}", r"http.from: no client 'shpo'; did you mean shop\?"),
    "itself": ("http: {url: ':1', from: web}", "http.from: web would probe itself, through no network"),
    "unconditioned": ("http: {url: ':1', from: db}", "http.from: db has no conditioned network; name one of shop, web"),
    "no url": ("http: {from: shop}", "http: requires url, such as"),
    "no host": (
        "http: {url: 'http:///x', from: shop}",
        "http.url: 'http:///x' has no host: write one, such as http://web:8000",
    ),
    "no scheme": ("http: {url: 'web:80', from: shop}", "http.url: 'web:80' is not an http:// or https:// URL"),
    "a bad port": ("http: {url: ':99999/', from: shop}", "http.url: ':99999/' is not a URL: Port out of"),
    "a strange host": ("http: {url: 'http://wbe/', from: shop}", r"http.url: no host 'wbe' in this lab; did you mean"),
    "no port": ("tcp: {from: shop}", "tcp: requires port, such as 5432"),
    "no such port": ("tcp: {port: 0, from: shop}", "tcp.port: 0 is not a whole number from 1 to 65535"),
    "too often": (
        "tcp: {port: 1, from: shop, interval: 50ms}",
        "tcp.interval: '50ms' is not a time from 0.1s to 3600s",
    ),
    "too patient": ("tcp: {port: 1, from: shop, timeout: 5min}", "tcp.timeout: '5min' is not a time from 0.01s to 30s"),
    "unknown key": ("tcp: {prot: 1, from: shop}", r"tcp.prot: no such key; did you mean port\?"),
    "not a mapping": ("http: ':1'", "http: ':1' is not a probe such as"),
    "metrics": ("metrics: 9100", "metrics: '9100' is not an http:// or https:// URL, nor a port and path such as"),
    "conditions": ("impair: false, network: {}", "network: has no effect with `impair: false`"),
    "not a switch": ("impair: maybe", "impair: 'maybe' is not true or false"),
}


@pytest.mark.parametrize(("written", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(tmp_path: Path, written: str, message: str) -> None:
    """Each has a line with place, mistake and what is allowed."""
    with pytest.raises(WrongUse, match=message):
        read(tmp_path, f"web: {{service: web, {written}}}")


@pytest.mark.parametrize(
    ("clients", "message"),
    [
        (
            "w: {service: worker, http: {url: 'http://web/', from: shop}}",
            r"is the same for all 2 of them: write \{name",
        ),
        (
            "x: {service: web, http: {url: ':1', from: w}}\n  w: {service: worker}",
            "'w' is a group; name one .*: w-1, w-2",
        ),
        ("worker: {service: worker, impair: false}", "worker has several replicas, which can be measured only if"),
        ("data: {service: db, impair: false}", "a service with `impair: false` keeps its name: call the entry db"),
        ("db: {service: db, impair: false}\n  x: {service: db}", "is conditioned as x: keep one of both places"),
    ],
)
def test_mistakes_of_several(tmp_path: Path, clients: str, message: str) -> None:
    """Groups, and services that are named twice."""
    with pytest.raises(WrongUse, match=message):
        read(tmp_path, clients)


def test_a_probe_needs_a_network(tmp_path: Path) -> None:
    """An unconditioned media server has no program of ours that could probe."""
    text = "sfu: {image: x}\nclients: {c: {image: y, tcp: {port: 1, from: sfu}}}\n"
    with pytest.raises(WrongUse, match=r"tcp\.from: sfu has no conditioned network; name one of c"):
        stack_with(tmp_path, text, {})
