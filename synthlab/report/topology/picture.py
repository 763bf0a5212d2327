"""Draws the places of a stack's containers as an SVG, for light and dark pages."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ...stack import Stack
from ...text.escaping import shown
from .layout import BOX_HEIGHT, BOX_WIDTH, Box, Layout, Network, TopologyLink, laid_out

MOST_NAME, MOST_VALUES = 24, 32
"""Characters that a box and a link have room for; all of a longer text is shown under the mouse."""
LEADING = 15

_STYLE = """
svg { max-width: 100%; height: auto; background: var(--ground);
  --ground: #fff; --ink: #1c2030; --faint: #6b7285; --line: #aab1c2;
  --panel: #f4f5f8; --accent: #3b5bdb; --router: #e7ecff; }
@media (prefers-color-scheme: dark) { svg { --ground: #12141c; --ink: #e8eaf2; --faint: #969db2;
  --line: #5b6379; --panel: #1b1e29; --accent: #748ffc; --router: #252c48; } }
text { font: 13px system-ui, sans-serif; fill: var(--ink); }
.about, .values { font-size: 12px; fill: var(--faint); }
.name { font-weight: 600; }
line { stroke: var(--line); stroke-width: 1.5; }
.network { stroke: var(--accent); stroke-width: 4; stroke-linecap: round; }
rect { fill: var(--panel); stroke: var(--line); }
.router rect { fill: var(--router); stroke: var(--accent); }
.server rect { stroke-dasharray: 5 3; }
"""


def topology_svg(stack: Stack) -> str:
    """The picture of a stack: a text that ends with a line break."""
    layout = laid_out(stack)
    return "\n".join([*_lines(layout, stack.name), "</svg>", ""])


def _lines(layout: Layout, name: str) -> Iterator[str]:
    width, height = f"{layout.width:g}", f"{layout.height:g}"
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    yield f"<title>{_text(f'The stack {name}')}</title>"
    yield f"<style>{_STYLE}</style>"
    for link in layout.links:
        yield from _link(link)
    for network in layout.networks:
        yield from _network(network)
    for box in layout.boxes:
        yield from _box(box)


def _link(link: TopologyLink) -> Iterator[str]:
    yield f'<line x1="{link.x:g}" y1="{link.y:g}" x2="{link.to:g}" y2="{link.y:g}"/>'
    # What is sent is written above the line, all else below it.
    for number, line in enumerate(link.values):
        y = link.y - 6 if number == 0 else link.y + number * LEADING
        yield f'<text class="values" x="{link.text_x:g}" y="{y:g}">{_cut(line, MOST_VALUES)}</text>'


def _network(network: Network) -> Iterator[str]:
    x = f"{network.x:g}"
    yield f'<line class="network" x1="{x}" y1="{network.top:g}" x2="{x}" y2="{network.bottom:g}"/>'
    if network.name:
        yield f'<text text-anchor="middle" x="{x}" y="{network.top - 10:g}">{_text(network.name)}</text>'


def _box(box: Box) -> Iterator[str]:
    top, middle = box.y - BOX_HEIGHT / 2, box.x + BOX_WIDTH / 2
    yield f'<g class="{box.member.kind}">'
    yield f'<rect x="{box.x:g}" y="{top:g}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8"/>'
    for kind, text, y in (("name", box.member.name, box.y - 4), ("about", box.member.about, box.y + 14)):
        cut = _cut(text, MOST_NAME)
        yield f'<text class="{kind}" text-anchor="middle" x="{middle:g}" y="{y:g}">{cut}</text>'
    yield "</g>"


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return _text(text)
    return f"{_text(text[: most - 1])}…<title>{_text(text)}</title>"


def _text(text: str) -> str:
    return escape(shown(text))
