"""What probes measured, read from the clients that probe."""

from __future__ import annotations

from typing import Any

import pytest

from synthlab.control.group_change import LabClient
from synthlab.control.probes import ProbeReading, read_probes
from synthlab.errors import SynthlabError
from synthlab.testing import FakeClientApi

pytestmark = pytest.mark.issue(13)


class Broken(FakeClientApi):
    def stats(self, judged: bool = False) -> Any:
        raise SynthlabError(f"{self.name}: gone")


def test_readings() -> None:
    """Each probe has values, none yet, or an error; one broken client does not hold up the others."""
    shop = FakeClientApi("shop@front")
    shop.answered_stats = {"values": {}, "age_s": {}, "probes": {"web": {"http": {"values": {"ms": 5}, "age_s": 0}}}}
    clients = [
        LabClient("shop@front", "shop", shop, server=True, probes=("web.http", "db.tcp")),
        LabClient("gone", "gone", Broken("gone"), probes=("web.tcp",)),
        LabClient("other", "other", Broken("other")),
    ]
    assert read_probes(clients) == [
        ProbeReading(name="web", kind="http", source="shop", values={"ms": 5}),
        ProbeReading(name="db", kind="tcp", source="shop"),
        ProbeReading(name="web", kind="tcp", source="gone", error="gone: gone"),
    ]
    assert read_probes([]) == []
