"""The table of `ls`: all labs, also stopped ones and their remains."""

from __future__ import annotations

from collections.abc import Sequence

from ..control.lab_list import Overview
from ..engine.ttl import format_time
from .console import Table
from .tables import NOTHING


def overviews_table(seen: Sequence[Overview]) -> Table:
    rows = [
        (
            one.lab,
            one.stack or NOTHING,
            one.state,
            f"{one.running}/{one.clients}",
            NOTHING if one.age_s is None else format_time(one.age_s),
            "expired" if one.state == "expired" else NOTHING if one.left_s is None else format_time(one.left_s),
        )
        for one in seen
    ]
    return Table(("lab", "stack", "state", "clients running", "age", "time left"), rows)
