"""Sends stats to the container's API."""

import json
import sys
from collections.abc import Mapping
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

_TIMEOUT_S = 2


class StatsReporter:
    def __init__(self, url: str) -> None:
        self._url = f"{url.rstrip('/')}/v1/stats"
        self._failing = False

    def post(self, stats: Mapping[str, Any], age_s: float = 0.0) -> None:
        """Send stats sampled `age_s` ago. Best effort, never raises: a call must not fail because of its stats.

        Only the first of several consecutive failures is logged.
        """
        body = json.dumps(stats).encode()
        request = Request(f"{self._url}?age={age_s * 1000:.0f}ms", body, {"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=_TIMEOUT_S):
                self._failing = False
        except (URLError, OSError) as error:
            if not self._failing:
                print(f"bot: {self._url}: {error}; retrying", file=sys.stderr)
            self._failing = True
