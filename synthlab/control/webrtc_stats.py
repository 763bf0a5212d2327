"""The WebRTC statistics of one client, of the media that it receives and sends, and what its probes measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FRESH_S = 1.0
"""Older WebRTC values are ignored as outdated: clients publish theirs every 250 ms."""
OWN_FRESH_S = 3.0
"""The same for an application's own stats, which it publishes at its own pace."""
KINDS = ("video", "audio")
CODECS = "codecs"
"""Published by applications to label live traffic: words by RTP payload type, no stats."""

Values = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """`video` and `audio` map a remote participant to its values. Values not measured recently are missing.

    A browser also reports each track it sends, each connection, and counts of its pages' `console` output. `own` are
    the values that an application published, `probes` those of what it probes, by name and kind. `answer` is the
    API's answer, outdated values included.
    """

    video: Mapping[str, Values]
    audio: Mapping[str, Values]
    sent: Mapping[str, Any]
    sent_video: Mapping[str, Any] = field(default_factory=dict)
    sent_audio: Mapping[str, Any] = field(default_factory=dict)
    connections: Mapping[str, Any] = field(default_factory=dict)
    console: Mapping[str, float] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)
    probes: Mapping[str, Mapping[str, Values]] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_dict(cls, answer: Mapping[str, Any]) -> Stats:
        """From the API's answer, without outdated values."""
        ages = answer.get("age_s", {})
        values = answer.get("values", {})
        fresh = {key: value for key, value in values.items() if key in ages and is_fresh(key, ages[key])}
        own = {key: value for key, value in fresh.items() if key not in (*FIELDS, "page", CODECS)}
        probes = {
            name: {kind: sent["values"] for kind, sent in kinds.items()}
            for name, kinds in answer.get("probes", {}).items()
        }
        return cls(**{key: fresh.get(key, {}) for key in FIELDS}, own=own, probes=probes, answer=answer)

    def to_dict(self) -> dict[str, Any]:
        return {key: getattr(self, key) for key in (*FIELDS, "own")}

    def sees(self, participant: str) -> bool:
        """Whether frames of this participant's video are being decoded now."""
        return self.video.get(participant, {}).get("fps", 0) > 0


FIELDS = (*KINDS, "sent", "sent_video", "sent_audio", "connections", "console")


def is_fresh(key: str, age_s: float) -> bool:
    """Whether a value published `age_s` ago under `key` is still current."""
    return age_s <= (FRESH_S if key in FIELDS else OWN_FRESH_S)
