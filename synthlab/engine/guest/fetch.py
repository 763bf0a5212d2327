"""Prints what an address answers. Run as URL SECONDS; ends with one line of error where it does not answer in time."""

from __future__ import annotations

import sys
from http.client import HTTPException
from urllib.request import ProxyHandler, build_opener

MOST_BYTES = 8 << 20


def fetch(url: str, seconds: float) -> str:
    """The answer, at most `MOST_BYTES` of it. Raises OSError or HTTPException."""
    # No proxies: the address is of this machine or of the lab, where they do not lead.
    with build_opener(ProxyHandler({})).open(url, timeout=seconds) as answer:
        text: bytes = answer.read(MOST_BYTES)
    return text.decode("utf-8", "replace")


def main(url: str, seconds: str) -> None:
    try:
        print(fetch(url, float(seconds)), end="")
    except (OSError, HTTPException) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
