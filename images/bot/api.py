"""The container's own API, as far as this client speaks it: it takes our stats."""

import json
import sys
from collections.abc import Mapping
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

_TIMEOUT_S = 2


class Api:
    def __init__(self, url: str) -> None:
        self._url = f"{url.rstrip('/')}/v1/stats"
        self._failing = False

    def post(self, stats: Mapping[str, Any], age_s: float = 0.0) -> None:
        """Post stats of this age. Never raises: a client without stats is still a client.

        The first failure of a row is logged.
        """
        body = json.dumps(stats).encode()
        request = Request(f"{self._url}?age={age_s * 1000:.0f}ms", body, {"Content-Type": "application/json"})
        try:
            with urlopen(request, timeout=_TIMEOUT_S):
                self._failing = False
        except (URLError, OSError) as error:
            if not self._failing:
                print(f"bot: {self._url}: {error}; trying on", file=sys.stderr)
            self._failing = True
