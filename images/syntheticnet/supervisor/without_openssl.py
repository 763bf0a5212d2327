"""Imports without OpenSSL, which asyncio and hashlib load wherever they find it: 6 MB in each client."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

PARTS = ("ssl", "_hashlib")


@contextmanager
def without_openssl() -> Iterator[None]:
    """Modules imported meanwhile do without it: asyncio has no TLS, and hashlib uses Python's own code."""
    absent = [name for name in PARTS if name not in sys.modules]
    try:
        for name in absent:
            sys.modules[name] = None  # type: ignore[assignment]  # importing it fails
        yield
    finally:
        for name in absent:
            del sys.modules[name]
