"""The WebRTC numbers of one client: what it receives from each remote participant, and what it sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FRESH_S = 3.0
KINDS = ("video", "audio")

Values = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """`video` and `audio` map a remote participant to its numbers. What is not there was not measured of late."""

    video: Mapping[str, Values]
    audio: Mapping[str, Values]
    sent: Mapping[str, Any]

    @classmethod
    def from_dict(cls, answer: Mapping[str, Any]) -> Numbers:
        """From the API's answer, without values that are older than 3 s: an old number is no number."""
        ages = answer.get("age_s", {})
        values = answer.get("values", {})
        fresh = {kind: values.get(kind, {}) if ages.get(kind, FRESH_S + 1) <= FRESH_S else {} for kind in FIELDS}
        return cls(**fresh)

    def sees(self, participant: str) -> bool:
        """Whether frames of this participant's video are being decoded."""
        return self.video.get(participant, {}).get("fps", 0) > 0


FIELDS = (*KINDS, "sent")
