"""Reads what is measured of a client, service or server: its own metrics, and probes that others send to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

from syntheticnet.conditions import ConditionsError

from ..contract import SFU_HOST
from ..errors import no_such
from ..text.durations import MS_NS, SECOND_NS
from .durations import parse_between
from .hosts import host_names
from .mistakes import Mistakes
from .model import Measured, Sfu, Stack, StackProbe
from .yaml import Node

MEASURED_KEYS = ("metrics", "http", "tcp")
METRICS_PATH = "/metrics"

INTERVAL_NS, LEAST_INTERVAL_NS, MOST_INTERVAL_NS = SECOND_NS, 100 * MS_NS, 3600 * SECOND_NS
TIMEOUT_NS, LEAST_TIMEOUT_NS, MOST_TIMEOUT_NS = 5 * SECOND_NS, 10 * MS_NS, 30 * SECOND_NS

_PLACE = "{name}"
_PACE = ("from", "interval", "timeout")
_PLAIN = ("localhost",)


@dataclass(frozen=True, slots=True)
class MeasuredEntry:
    """Part of a file that says what is measured of `members`: one, or several clients or replicas."""

    node: Node
    members: Sequence[str]


def read_measured(entries: Sequence[MeasuredEntry], stack: Stack) -> dict[str, Measured]:
    """What is measured, by name. Raises WrongUse with the line of each mistake."""
    mistakes, found = Mistakes(), _bundled(stack)
    for entry in entries:
        keys = {key: node for key, node in entry.node.value.items() if key in MEASURED_KEYS}
        for name in entry.members if keys else ():
            with mistakes.noted():
                read = _read_member(keys, name, len(entry.members), stack)
                found[name] = replace(found.get(name, Measured()), **read)
    mistakes.report()
    return found


def check_measured(node: Node) -> None:
    """Raise WrongUse for every mistake that can be seen without the rest of the stack."""
    _read_member({key: value for key, value in node.value.items() if key in MEASURED_KEYS}, _PLAIN[0], 1, None)


def _bundled(stack: Stack) -> dict[str, Measured]:
    """The metrics that a bundled media server publishes, if its entry names no others."""
    app = stack.sfu.bundled if isinstance(stack.sfu, Sfu) else None
    return {SFU_HOST: Measured(metrics=app.metrics)} if app and app.metrics else {}


def _read_member(keys: Mapping[str, Node], name: str, count: int, stack: Stack | None) -> dict[str, Any]:
    """The fields of what is measured that the keys set."""
    mistakes, fields, probes = Mistakes(), dict[str, Any](), list[StackProbe]()
    if "metrics" in keys:
        with mistakes.noted():
            fields["metrics"] = _read_url(keys["metrics"], name, count, stack, METRICS_PATH)
    for kind, read in (("http", _read_http), ("tcp", _read_tcp)):
        if kind in keys:
            with mistakes.noted():
                probes.append(read(keys[kind], name, count, stack))
    mistakes.report()
    return fields | {"probes": tuple(probes)}


def _read_http(node: Node, name: str, count: int, stack: Stack | None) -> StackProbe:
    what = "a probe such as {url: 'http://web:8000/health', from: browser}"
    keys = node.mapping(("url", *_PACE), what)
    if "url" not in keys:
        node.wrong("requires url, such as http://web:8000/health")
    return _paced("http", node, keys, name, stack, lambda: _read_url(keys["url"], name, count, stack))


def _read_tcp(node: Node, name: str, count: int, stack: Stack | None) -> StackProbe:
    keys = node.mapping(("port", "host", *_PACE), "a probe such as {port: 5432, from: web}")
    if "port" not in keys:
        node.wrong("requires port, such as 5432")

    def url() -> str:
        host = _filled(keys["host"], keys["host"].text("a host"), name, count) if "host" in keys else name
        _refuse_stranger(keys.get("host", node), host, stack)
        return f"tcp://{f'[{host}]' if ':' in host else host}:{keys['port'].whole(1, 65535)}"

    return _paced("tcp", node, keys, name, stack, url)


def _paced(
    kind: str, node: Node, keys: Mapping[str, Node], name: str, stack: Stack | None, url: Callable[[], str]
) -> StackProbe:
    """The probe with everything that all kinds have in common."""
    mistakes, values = Mistakes(), dict[str, Any]()
    if "from" not in keys:
        there = f"; one of {_listed(_sources(stack))}" if stack else ""
        node.wrong(f"requires from: the client whose path is measured{there}")
    readers: Mapping[str, Callable[[], object]] = {
        "url": url,
        "source": lambda: _read_source(keys["from"], name, stack),
        "interval_ns": lambda: _time(keys.get("interval"), INTERVAL_NS, LEAST_INTERVAL_NS, MOST_INTERVAL_NS),
        "timeout_ns": lambda: _time(keys.get("timeout"), TIMEOUT_NS, LEAST_TIMEOUT_NS, MOST_TIMEOUT_NS),
    }
    for field, read in readers.items():
        with mistakes.noted():
            values[field] = read()
    mistakes.report()
    return StackProbe(kind=kind, **values)


def _read_url(node: Node, name: str, count: int, stack: Stack | None, path: str = "/") -> str:
    """A URL; `:8000/health` means a port of the entry's own. `path` is that of a port alone."""
    written = _filled(node, node.text("a URL such as http://web:8000/health"), name, count)
    url = f"http://{name}{written}" if written.startswith(":") else written
    parts = _split(node, url, written)
    if parts.scheme not in ("http", "https"):
        node.wrong(f"{written!r} is not an http:// or https:// URL, nor a port and path such as :8000/health")
    if not parts.hostname:
        node.wrong(f"{written!r} has no host: write one, such as http://web:8000/health")
    _refuse_stranger(node, parts.hostname, stack)
    return parts._replace(path=path).geturl() if written.startswith(":") and not parts.path else url


def _split(node: Node, url: str, written: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a bad one
    except ValueError as error:
        node.wrong(f"{written!r} is not a URL: {error}")
    if any(letter.isspace() for letter in url):
        node.wrong(f"{written!r} is not a URL: it has spaces")
    return parts


def _filled(node: Node, written: str, name: str, count: int) -> str:
    """The text for one of several; raises WrongUse if all would have the same."""
    if count > 1 and _PLACE not in written and not written.startswith(":"):
        node.wrong(f"is the same for all {count} of them: write {_PLACE} where each has its name")
    return written.replace(_PLACE, name)


def _refuse_stranger(node: Node, host: str, stack: Stack | None) -> None:
    """Raise WrongUse for a plain name that is no host of the lab; one with dots may be anywhere."""
    known = host_names(stack) if stack else [host]
    if "." not in host and ":" not in host and host.lower() not in (*map(str.lower, known), *_PLAIN):
        node.wrong(no_such("host", host, known, where=" in this lab"))


def _read_source(node: Node, name: str, stack: Stack | None) -> str:
    source = node.text("the name of a client")
    if stack is None:
        return source
    sources = _sources(stack)
    if source == name:
        node.wrong(f"{name} would probe itself, through no network: name another client")
    if source in sources:
        return source
    if members := [one for one in sources if one in stack.members(source)]:
        node.wrong(f"'{source}' is a group; name one of its clients: {', '.join(members)}")
    if source in host_names(stack):
        node.wrong(f"{source} has no conditioned network; name one of {_listed(sources)}")
    return node.wrong(no_such("client", source, sources))


def _sources(stack: Stack) -> list[str]:
    """Everything that can probe: it has a conditioned network of its own, with a program of ours in it."""
    clients, services = [one.name for one in stack.clients], [one.name for one in stack.services]
    sfu = [SFU_HOST] if SFU_HOST in stack.conditioned else []
    return list(dict.fromkeys([*clients, *services, *sfu]))


def _time(node: Node | None, default_ns: int, least_ns: int, most_ns: int) -> int:
    if node is None:
        return default_ns
    try:
        return parse_between(node.value, least_ns, most_ns)
    except ConditionsError as error:
        node.wrong(str(error))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none: the stack has no conditioned network"


def requests_from_here(stack: Stack) -> Iterator[tuple[str, str]]:
    """The metrics that this machine requests from addresses outside the lab: name and URL."""
    inside = [host.lower() for host in host_names(stack)]
    for name, measured in stack.measured.items():
        if measured.metrics and (urlsplit(measured.metrics).hostname or "") not in inside:
            yield name, measured.metrics
