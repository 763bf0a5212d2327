"""Stats of sent media, including the remote side's loss and round-trip reports."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from . import participant_names
from .counters import StatsDelta, known, most_of, of_type, total_of
from .paths import reported_rtt_ms, rtt_ms

Entries = list[StatsDelta]
Connections = list[tuple[Mapping[str, Any], Entries]]
"""Each connection with its getStats entries."""


def outbound_stats(connections: Connections) -> dict[str, Any]:
    """Totals under `sent`, single tracks by name under `sent_video` and `sent_audio`."""
    everything = [one for _, entries in connections for one in of_type(entries, "outbound-rtp")]
    remotes = {
        one.now.get("localId"): one for _, entries in connections for one in of_type(entries, "remote-inbound-rtp")
    }
    sending = [entries for _, entries in connections if any(of_type(entries, "outbound-rtp"))]
    together = known(
        **{kind: of_kind(_of(kind, everything), remotes) for kind, of_kind in _KINDS.items()},
        rtt_ms=most_of(reported_rtt_ms(entries) or rtt_ms(entries) for entries in sending),
    )
    by_track = {f"sent_{kind}": _by_track(kind, connections, remotes) for kind in _KINDS}
    return {"sent": together, **by_track}


def _by_track(kind: str, connections: Connections, remotes: Mapping[Any, StatsDelta]) -> dict[str, Any]:
    tracks: dict[str, Any] = {}
    for connection, entries in connections:
        of_kind = sorted(_of(kind, of_type(entries, "outbound-rtp")), key=_mid)
        for mid, layers in groupby(of_kind, _mid):
            tracks[participant_names.sent_track(connection, mid, tracks)] = _KINDS[kind](list(layers), remotes)
    return tracks


def _of(kind: str, entries: Iterable[StatsDelta]) -> Entries:
    return [counters for counters in entries if counters.now["kind"] == kind]


def _mid(counters: StatsDelta) -> str:
    return str(counters.now.get("mid"))


def _video(outbound: Entries, remotes: Mapping[Any, StatsDelta]) -> dict[str, Any]:
    """Simulcast layers count as one sender: bits and requests add up, frames and size are the best layer's."""
    rids = dict.fromkeys(counters.now["rid"] for counters in outbound if counters.now.get("rid"))
    return known(
        **_picture(outbound),
        nack=total_of(counters.total("nackCount") for counters in outbound),
        pli=total_of(counters.total("pliCount") for counters in outbound),
        fir=total_of(counters.total("firCount") for counters in outbound),
        lost=_lost(outbound, remotes),
        limited=_limited(outbound),
        layers={rid: _picture([one for one in outbound if one.now.get("rid") == rid]) for rid in rids},
    )


def _audio(outbound: Entries, remotes: Mapping[Any, StatsDelta]) -> dict[str, Any]:
    return known(
        kbps=total_of(counters.rate("bytesSent", 8 / 1000) for counters in outbound), lost=_lost(outbound, remotes)
    )


_KINDS = {"video": _video, "audio": _audio}


def _picture(outbound: Entries) -> dict[str, Any]:
    return known(
        kbps=total_of(counters.rate("bytesSent", 8 / 1000) for counters in outbound),
        fps=most_of(counters.rate("framesEncoded") for counters in outbound),
        frames=most_of(counters.total("framesEncoded") for counters in outbound),
        width=most_of(counters.total("frameWidth") for counters in outbound),
        height=most_of(counters.total("frameHeight") for counters in outbound),
    )


def _lost(outbound: Entries, remotes: Mapping[Any, StatsDelta]) -> float | None:
    reports = [remotes[counters.now["id"]] for counters in outbound if counters.now["id"] in remotes]
    return total_of(report.total("packetsLost") for report in reports)


def _limited(outbound: Entries) -> str | None:
    """`qualityLimitationReason`: none, cpu, bandwidth or other; None if no sender reports one."""
    reasons = [c.now["qualityLimitationReason"] for c in outbound if "qualityLimitationReason" in c.now]
    return next((reason for reason in reasons if reason != "none"), reasons[0] if reasons else None)
