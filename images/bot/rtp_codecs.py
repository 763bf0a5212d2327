"""Finds the codec of each RTP payload type in session descriptions (SDP, RFC 8866)."""

import re
from collections.abc import Iterable

_RTPMAP = re.compile(r"a=rtpmap:(\d+) ([^/\s]+)/")


def codecs(descriptions: Iterable[str]) -> dict[str, str]:
    """MIME type by payload type, such as {"96": "video/VP8"}; none if connections use it for different ones."""
    found: dict[str, set[str]] = {}
    for description in descriptions:
        kind = ""
        for line in description.splitlines():
            if line.startswith("m="):
                kind = line[2:].partition(" ")[0]
            elif mapping := _RTPMAP.match(line):
                found.setdefault(mapping[1], set()).add(f"{kind}/{mapping[2]}")
    return {payload_type: types.pop() for payload_type, types in found.items() if len(types) == 1}
