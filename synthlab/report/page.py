"""Self-contained HTML pages: style, script, uPlot and all data in one file that opens offline."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256

from .. import assets
from ..scenario.record import Record
from .chart_data import ChartData
from .html import render_page
from .runs import by_scenario, worst
from .section import Section
from .spread import repeats
from .timeline import SIGNS

MOST_DRAWN = 12
"""Runs with charts of their own, those that did not pass first; the others have only their tables."""

_SCRIPTS = ("chart.js", "marks.js", "lanes.js", "page.js")
_UPLOT = assets.image("syntheticnet") / "web" / "vendor" / "uplot"


def report_page(records: Sequence[Record]) -> str:
    """The report of one or more runs: verdicts, why, a picture, tables, and for each run what was measured."""
    verdict = worst([record.verdict for record in records])
    drawn = _drawn(records)
    sections = [Section(number, record, number in drawn) for number, record in enumerate(records, 1)]
    groups = by_scenario(sections) if len(records) != 1 else ()
    overview = ChartData(groups[0].axis) if groups else None
    return page(
        "report.html.j2",
        title=f"{SIGNS[verdict]} {', '.join(dict.fromkeys(record.scenario for record in records))}: {verdict}",
        verdict=verdict,
        sign=SIGNS[verdict],
        sections=sections,
        groups=groups,
        overview=overview,
        picture=groups[0].picture(overview) if overview is not None else None,
        repeats=list(repeats(records)),
    )


def page(template: str, title: str, **values: object) -> str:
    """A complete page. Its Content-Security-Policy allows only its own script and style, by hash, and no requests."""
    script, style = _script(), _style()
    allowed = f"style-src {_hash(style)}; img-src data:; script-src {_hash(script)}"
    policy = f"default-src 'none'; base-uri 'none'; form-action 'none'; {allowed}"
    return render_page(f"report/{template}", title=title, policy=policy, style=style, script=script, **values)


def _drawn(records: Sequence[Record]) -> set[int]:
    """The numbers of the runs that get charts."""
    by_need = sorted(range(len(records)), key=lambda at: (records[at].verdict == "passed", at))
    return {at + 1 for at in by_need[:MOST_DRAWN]}


@cache
def _script() -> str:
    """One module: uPlot as it is, then ours in a block, so that their names do not meet."""
    own = "\n".join((assets.templates() / "report" / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    library = (_UPLOT / "uPlot.esm.js").read_text(encoding="utf-8")
    return f"{library}\n{{\n{own}\n}}\n".replace("</script", "<\\/script")


@cache
def _style() -> str:
    library = (_UPLOT / "uPlot.min.css").read_text(encoding="utf-8")
    return f"{library}\n{(assets.templates() / 'report' / 'page.css').read_text(encoding='utf-8')}"


def _hash(text: str) -> str:
    """A hash source for Content-Security-Policy (https://www.w3.org/TR/CSP3/#match-element-to-source-list)."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
