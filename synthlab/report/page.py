"""Self-contained HTML pages: style, scripts, plotly.js and all data in one file that opens offline."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from functools import cache
from hashlib import sha256

from .. import assets
from ..scenario.record import Record, Verdict
from . import figure
from .html import render_page
from .section import Section
from .spread import repeats
from .timeline import SIGNS

_WEIGHT = ("passed", "inconclusive", "failed", "wrong use")


def report_page(records: Sequence[Record]) -> str:
    """The report of one or more runs: verdicts, tables, and for each run the measurements on one time axis.

    It takes 4.8 MB for plotly.js, and about 40 kB per minute and client drawn.
    """
    verdict = worst([record.verdict for record in records])
    return page(
        "report.html.j2",
        title=f"{SIGNS[verdict]} {', '.join(dict.fromkeys(record.scenario for record in records))}: {verdict}",
        verdict=verdict,
        sign=SIGNS[verdict],
        counts=Counter(record.verdict for record in records),
        sections=[Section(number, record) for number, record in enumerate(records, 1)],
        repeats=list(repeats(records)),
    )


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The overall verdict of several runs; `inconclusive` for none."""
    return max(verdicts, key=_WEIGHT.index, default="inconclusive")


def page(template: str, title: str, **values: object) -> str:
    """A complete page. Its Content-Security-Policy allows only its own two scripts, by hash, and no requests."""
    scripts = _scripts()
    # plotly writes styles while it draws, which no hash can name in advance.
    allowed = f"style-src 'unsafe-inline'; img-src data: blob:; script-src {_hashes(scripts)}"
    policy = f"default-src 'none'; base-uri 'none'; form-action 'none'; {allowed}"
    style = (assets.templates() / "report" / "page.css").read_text(encoding="utf-8")
    return render_page(f"report/{template}", title=title, policy=policy, style=style, scripts=scripts, **values)


@cache
def _scripts() -> tuple[str, ...]:
    own = (assets.templates() / "report" / "page.js").read_text(encoding="utf-8")
    return figure.script().replace("</script", "<\\/script"), own


def _hashes(scripts: Sequence[str]) -> str:
    """Hash sources for Content-Security-Policy (https://www.w3.org/TR/CSP3/#match-element-to-source-list)."""
    digests = [b64encode(sha256(script.encode()).digest()).decode() for script in scripts]
    return " ".join(f"'sha256-{digest}'" for digest in digests)
