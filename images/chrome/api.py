"""Sends stats and console entries to the container's API."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

_TIMEOUT_S = 2


class PageReporter:
    """Best effort, never raises: a call must not fail because its stats cannot be delivered.

    Only the first of several consecutive failures is logged.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._failing = False

    def post(self, stats: Mapping[str, Any], age_s: float = 0.0) -> None:
        """Send stats sampled `age_s` ago."""
        self._post(f"/v1/stats?age={age_s * 1000:.0f}ms", stats)

    def post_console(self, entries: Sequence[Mapping[str, Any]], lost: int) -> None:
        """Send console entries; `lost` counts those dropped before them."""
        self._post("/v1/console", {"entries": entries, "lost": lost})

    def _post(self, path: str, value: Any) -> None:
        url = f"{self._url}{path}"
        request = Request(url, json.dumps(value).encode(), {"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=_TIMEOUT_S):
                self._failing = False
        except (URLError, OSError) as error:
            if not self._failing:
                print(f"collector: {url}: {error}; retrying", file=sys.stderr)
            self._failing = True
