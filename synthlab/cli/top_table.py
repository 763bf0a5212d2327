"""The table and JSON of `top`: achieved and configured values of each client, and its forwarder's CPU time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from syntheticnet.conditions import DIRECTIONS, LinkConditions

from ..control.group_change import LabClient
from ..control.slowness import too_slow
from ..control.state import ClientState, LinkState
from ..control.webrtc_stats import Stats
from ..errors import SynthlabError
from .console import Bad, Table
from .tables import NOTHING, TableRow

COLUMNS = ("client", "link", "rate", "delay", "loss", "CPU", "receives")
# Short cells, which do not wrap on a narrow terminal.
_WHOLE = ("client", "link", "CPU", "receives")
# The configured values in each column; the first is shown without its name.
_RATE = ("rate", "rate_trace")
_DELAY = ("latency", "jitter", "delay_trace")
_LOSS = ("loss", "loss_burst", "loss_correlation", "loss_gemodel", "loss_state", "loss_every", "loss_list", "outage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One client at one moment; `error` if it does not answer."""

    state: ClientState | None = None
    stats: Stats | None = None
    error: str = ""


ClientSample = Mapping[str, Seen]


def sample(clients: list[LabClient]) -> ClientSample:
    """Query all clients in parallel; one that does not answer does not affect the others."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        return dict(zip([client.name for client in clients], pool.map(_ask, clients), strict=True))


def cpu(before: Seen | None, now: Seen) -> float | None:
    """The share of one core that the forwarder used between two samples; None if it restarted in between."""
    earlier, later = (_spent(seen) for seen in (before, now))
    if earlier is None or later is None or later[0] != earlier[0] or later[1] <= earlier[1]:
        return None
    return (later[2] - earlier[2]) / (later[1] - earlier[1])


def top_table(now: ClientSample, before: ClientSample) -> Table:
    """One row per link. CPU of the client's forwarder is in its first row, received video in both."""
    rows: list[TableRow] = []
    for name, seen in now.items():
        if seen.state is None:
            rows.append((name, NOTHING, Bad(seen.error)))
            continue
        used = cpu(before.get(name), seen)
        named = (name, ""), (NOTHING if used is None else f"{used:.0%}", ""), received(seen.stats)
        for direction, title, work, video in zip(DIRECTIONS, *named, strict=True):
            conditions, link = getattr(seen.state.configured, direction), seen.state.links.get(direction)
            rows.append((title, direction, *_cells(conditions, link), work, video))
    return Table(COLUMNS, rows, whole=_WHOLE)


def answering(now: ClientSample) -> dict[str, ClientState]:
    """The states of the clients that answered."""
    return {name: seen.state for name, seen in now.items() if seen.state}


def top_json(now: ClientSample, before: ClientSample, time: float) -> dict[str, Any]:
    """One sample as JSON; `time` is in seconds since the epoch."""
    slow = too_slow(answering(now))
    return {
        "time": round(time, 3),
        "too_slow": slow,
        "clients": {name: _as_json(seen, before.get(name)) for name, seen in now.items()},
    }


def received(stats: Stats | None) -> tuple[str, str]:
    """The number of videos a client receives, and their bit rate; `7+ fps` if the slowest of several has 7 fps."""
    if stats is None or not stats.video:
        return NOTHING, ""
    videos = list(stats.video.values())
    rates = [values["fps"] for values in videos if "fps" in values]
    kbps = sum(values.get("kbps", 0.0) for values in videos)
    frames = f", {min(rates):.0f}{'+' if len(rates) > 1 else ''} fps" if rates else ""
    return f"{len(videos)} video{'s' if len(videos) > 1 else ''}{frames}", f"{kbps:.0f} kbit/s"


def _ask(client: LabClient) -> Seen:
    try:
        return Seen(state=client.api.state(), stats=client.api.stats())
    except SynthlabError as error:
        return Seen(error=error.message)


def _spent(seen: Seen | None) -> tuple[int, float, float] | None:
    """The forwarder's number, uptime and CPU time, in seconds."""
    if seen is None or seen.state is None:
        return None
    forwarder = seen.state.answer["forwarder"]
    return (forwarder["restarts"], forwarder["up_s"], forwarder["cpu_s"]) if "cpu_s" in forwarder else None


def _cells(conditions: LinkConditions, link: LinkState | None) -> TableRow:
    measured = link.achieved if link else {}
    passed = measured.get("packets")
    rate = _format(measured, "rate_bps", lambda bps: f"{bps / 1000:.0f} kbit/s") if passed else NOTHING
    delay = _format(measured, "delay_p50_ms", lambda ms: f"{ms:.1f} ms") if passed else NOTHING
    loss = _format(measured, "loss", lambda share: f"{share:.2%}") if passed else NOTHING
    requested = conditions.to_dict()
    return tuple(
        f"{achieved} of {configured}" if configured else achieved
        for achieved, configured in (
            (rate, _of(requested, _RATE)),
            (delay, _of(requested, _DELAY)),
            (loss, _of(requested, _LOSS)),
        )
    )


def _format(measured: Mapping[str, float], name: str, show: Callable[[float], str]) -> str:
    return show(measured[name]) if name in measured else NOTHING


def _of(requested: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The configured values of a column: `80ms`, `80ms jitter 20ms`, `outage`."""
    present = {name: requested[name] for name in names if requested.get(name) not in (None, False)}
    return " ".join(_named(name, value, plain=name == names[0]) for name, value in present.items())


def _named(name: str, value: object, plain: bool) -> str:
    return name if value is True else str(value) if plain else f"{name} {value}"


def _as_json(seen: Seen, before: Seen | None) -> dict[str, Any]:
    if seen.state is None:
        return {"error": seen.error}
    links = {
        direction: {
            "configured": getattr(seen.state.configured, direction).to_dict(),
            "achieved": dict(seen.state.links[direction].achieved) if direction in seen.state.links else {},
        }
        for direction in DIRECTIONS
    }
    used = cpu(before, seen)
    stats = {"video": dict(seen.stats.video), "audio": dict(seen.stats.audio)} if seen.stats else {}
    return {**links, "forwarder_cpu": None if used is None else round(used, 4), "webrtc": stats}
