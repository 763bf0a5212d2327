"""Sends stats and console entries to the container's API."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

_TIMEOUT_S = 2


class PageReporter:
    """Best effort, never raises: a call must not fail because its stats cannot be delivered.

    Only the first of several consecutive failures is logged.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._failing = False

    def post(self, stats: Mapping[str, Any], age_s: float = 0.0) -> bool:
        """Send stats sampled `age_s` ago; whether somebody looks at pictures."""
        answer = self._post_json(f"/v1/stats?age={age_s * 1000:.0f}ms", stats)
        return answer.get("pictures") is True

    def post_picture(self, peer: str, picture: bytes, cpu_s: float) -> None:
        """Send a JPEG picture that took so much CPU time."""
        self._post(f"/v1/pictures/{quote(peer, safe='')}?cpu={cpu_s * 1000:.3f}ms", picture, "image/jpeg")

    def post_console(self, entries: Sequence[Mapping[str, Any]], lost: int) -> None:
        """Send console entries; `lost` counts those dropped before them."""
        self._post_json("/v1/console", {"entries": entries, "lost": lost})

    def _post_json(self, path: str, value: Any) -> Mapping[str, Any]:
        answer = json.loads(self._post(path, json.dumps(value).encode(), "application/json") or "{}")
        return answer if isinstance(answer, dict) else {}

    def _post(self, path: str, body: bytes, type: str) -> bytes:
        """The answer; empty if there is none."""
        url = f"{self._url}{path}"
        request = Request(url, body, {"Content-Type": type})
        try:
            with urlopen(request, timeout=_TIMEOUT_S) as answer:
                self._failing = False
                return bytes(answer.read())
        except (URLError, OSError) as error:
            if not self._failing:
                print(f"collector: {url}: {error}; retrying", file=sys.stderr)
            self._failing = True
            return b""
