"""The documents name what there is: each value, and only files that exist."""

from __future__ import annotations

import re
from dataclasses import Field
from pathlib import Path
from typing import Any

import pytest

from syntheticnet.conditions import condition_fields

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("item", condition_fields(), ids=lambda item: item.metadata["name"])
def test_every_value_is_told(item: Field[Any]) -> None:
    """With its name, its example and its help, as the code has them."""
    meta = item.metadata
    row = f"| `{meta['name']}` | `{meta['example']}` | {meta['help']}"
    assert row in (ROOT / "docs" / "conditions.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    """Every link to a file of the repository."""
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_forwarders_page_is_short() -> None:
    """A newcomer reads it at one go."""
    assert len((ROOT / "docs" / "forwarder.md").read_text().splitlines()) < 200
