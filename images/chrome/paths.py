"""A connection's ICE path: state, selected candidates and round-trip time."""

from collections.abc import Mapping
from typing import Any

from .counters import StatsDelta, known, most_of, of_type

_STALE_MS = 5000
"""Age at which a round-trip time is out of date: without media, ICE checks run only every 2.5 s."""
_SILENT_MS = 1000
"""The limit while media is received, when packets normally arrive all the time."""


def path(connection: Mapping[str, Any], entries: list[StatsDelta]) -> dict[str, Any]:
    """`state` as in `connectionState`; `local` and `remote` are host, srflx, prflx or relay."""
    pair = _selected(entries)
    ends = {counters.now["id"]: counters.now for counters in entries}
    local, remote = (ends.get(pair.now.get(f"{side}CandidateId"), {}) if pair else {} for side in ("local", "remote"))
    return known(
        state=connection.get("state"),
        local=local.get("candidateType"),
        remote=remote.get("candidateType"),
        protocol=local.get("protocol"),
        relay_protocol=local.get("relayProtocol"),
        rtt_ms=rtt_ms(entries),
        available_kbps=pair.total("availableOutgoingBitrate", 1 / 1000, 1) if pair else None,
        ice_restarts=connection.get("restarts"),
    )


def rtt_ms(entries: list[StatsDelta]) -> float | None:
    """Measured by ICE connectivity checks; None when nothing arrives on the path any more."""
    pair = _selected(entries)
    most_ms = _SILENT_MS if any(of_type(entries, "inbound-rtp")) else _STALE_MS
    if pair is None or pair.now["timestamp"] - pair.now.get("lastPacketReceivedTimestamp", 0) >= most_ms:
        return None
    return pair.total("currentRoundTripTime", 1000, 1)


def reported_rtt_ms(entries: list[StatsDelta]) -> float | None:
    """From the remote RTCP reports; None when they have stopped."""
    newest = max(counters.now["timestamp"] for counters in entries)
    fresh = [c for c in of_type(entries, "remote-inbound-rtp") if newest - c.now["timestamp"] < _STALE_MS]
    return most_of(counters.total("roundTripTime", 1000, 1) for counters in fresh)


def _selected(entries: list[StatsDelta]) -> StatsDelta | None:
    """The candidate pair in use; with several transports, the first one's."""
    selected = {counters.now.get("selectedCandidatePairId") for counters in of_type(entries, "transport")}
    return next((pair for pair in of_type(entries, "candidate-pair") if pair.now["id"] in selected), None)
