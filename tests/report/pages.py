"""Parses a page like a browser: its elements, and the data of the charts in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from synthlab import assets

UPLOT = assets.image("syntheticnet") / "web" / "vendor" / "uplot"

Attributes = dict[str, str | None]


@dataclass
class Page(HTMLParser):
    """`elements` are all start tags with their attributes; `texts` is the visible text; `scripts` are executable.

    `data` are the JSON documents in the page, by id.
    """

    elements: list[tuple[str, Attributes]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    _inside: tuple[str, Attributes] = ("", {})

    @classmethod
    def of(cls, text: str) -> Page:
        page = cls()
        super(cls, page).__init__()
        page.feed(text)
        page.close()
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = (tag, dict(attrs))
        self.elements.append(self._inside)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ("", {})

    def handle_data(self, data: str) -> None:
        tag, attributes = self._inside
        if tag != "script":
            self.texts += [data] if tag != "style" and data.strip() else []
        elif attributes.get("type") == "application/json":
            self.data[str(attributes["id"])] = json.loads(data)
        else:
            self.scripts.append(data)

    @property
    def text(self) -> str:
        """All visible text, with single spaces."""
        return " ".join(" ".join(self.texts).split())

    def having(self, attribute: str) -> list[Attributes]:
        """The attributes of all elements that have this one."""
        return [given for _, given in self.elements if attribute in given]


def without_library(page: str) -> str:
    """The page without uPlot, whose comments contain a URL that nothing requests."""
    library = (UPLOT / "uPlot.esm.js").read_text()
    assert library in page
    return page.replace(library, "")
