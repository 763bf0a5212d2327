"""Requests made from the API's own description: none ends in a fault, and none hangs."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from schemathesis import Case
from schemathesis.core.result import Ok

from ..scenario.files import STACK
from .served import Served, serving

LONGEST_S = 5.0
NAMES: dict[str, list[str]] = {
    "lab": ["call", "no"],
    "client": ["client1", "bot-1", "bot", "no"],
    "path": ["v1/state", "a/b", "..", "json"],
}
ENDLESS = "/v1/labs/{lab}/events"


def described(served: Served) -> Any:
    """The description, with names of the lab that is there, so that more than refusals are tested."""
    document = copy.deepcopy(served.ask("GET", "/v1/openapi.json"))
    del document["paths"][ENDLESS]
    for methods in document["paths"].values():
        for operation in methods.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path" and parameter["name"] in NAMES:
                    parameter["schema"] = {"enum": NAMES[parameter["name"]]}
    return document


def fuzz(served: Served, examples: int) -> int:
    """Send this many requests to each operation; the count of those sent."""
    sent = 0
    present, headers = list(served.engine.present), {"authorization": f"Bearer {served.access.token}"}
    schema = schemathesis.openapi.from_dict(described(served))

    def try_operation(operation: Any) -> None:
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            verbosity=Verbosity.quiet,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def once(case: Case[Any]) -> None:
            nonlocal sent
            served.engine.present = list(present)
            begun = time.monotonic()
            answer = case.call(base_url=served.access.url, headers=headers, timeout=LONGEST_S)
            sent += 1
            assert time.monotonic() - begun < LONGEST_S
            assert answer.status_code < 500 or answer.status_code == 503, answer.text
            assert "a fault of synthlab" not in answer.text

        once()

    for operation in schema.get_all_operations():
        assert isinstance(operation, Ok)
        try_operation(operation.ok())
    return sent


def fuzzed(folder: Path, examples: int) -> None:
    (folder / "mine.yaml").write_text(STACK)
    with serving(folder) as served:
        assert fuzz(served, examples) > 30
        assert served.ask("GET", "/v1/labs")["labs"] != []


def test_a_little(tmp_path: Path) -> None:
    """A few requests to each operation."""
    fuzzed(tmp_path, 2)


@pytest.mark.soak
@pytest.mark.issue(12)
@pytest.mark.timeout(1800)
def test_much(tmp_path: Path) -> None:
    """Many of them."""
    fuzzed(tmp_path, 150)
