"""A comparison as text for a terminal, and as Markdown for a pull request or a job's summary."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from statistics import median

from ..scenario.expression import value_text
from ..text.markdown import markdown_escaped, markdown_row
from ..text.quantities import counted
from .comparison import ALPHA, TEST, ComparisonResult, NumberChange, VerdictChange
from .run_numbers import TOOK

HEADS = ("scenario", "number", "BASE", "NEW", "change (95 % interval)", "p", "")


def comparison_rows(result: ComparisonResult) -> Iterator[tuple[str, ...]]:
    """A row for each scenario's verdict, then for each number, with the columns of HEADS."""
    for verdict in result.verdicts:
        sides = (f"{passed} of {passed + failed}" for passed, failed in (verdict.base, verdict.new))
        change = "changed" if verdict.changed else ""
        yield verdict.scenario, "passed", *sides, change, _p(verdict.p), _judgement(verdict, result.limit)
    for number in result.numbers:
        sides = (_value(number, median(values)) for values in (number.base, number.new))
        yield (
            number.scenario,
            str(number.number),
            *sides,
            _change(number),
            _p(number.p),
            _judgement(number, result.limit),
        )


def comparison_lines(result: ComparisonResult) -> Iterator[str]:
    """How it was compared, and what came out of it."""
    if result.trend:
        yield "a trend: BASE and NEW were not run side by side, so the machine may be what differs"
    yield f"{TEST}: {counted(result.tests, 'test')}, {ALPHA:.1%} for any false alarm"
    if result.doubted:
        yield f"{counted(result.doubted, 'inconclusive run')} left out"
    for scenario in result.too_few:
        yield f"{scenario}: too few judged runs for a difference to show"
    for scenario in result.alone:
        yield f"{scenario}: not compared: only one side has it"
    if not result.verdicts:
        yield "nothing to compare: no scenario has judged runs on both sides"
    yield _headline(result)


def comparison_markdown(result: ComparisonResult) -> str:
    """A heading, a table and notes."""
    lines = [f"### {markdown_escaped(result.base)} and {markdown_escaped(result.new)}: {_headline(result)}", ""]
    lines += [markdown_row(*HEADS), markdown_row(*["---"] * len(HEADS))]
    lines += [markdown_row(*map(markdown_escaped, row)) for row in comparison_rows(result)]
    notes = list(comparison_lines(result))[:-1]
    return "\n".join([*lines, "", *(f"{markdown_escaped(note)}  " for note in notes), ""])


def _headline(result: ComparisonResult) -> str:
    if result.regressions:
        beyond = f" beyond {result.limit:.0%}" if result.limit else ""
        return f"{counted(len(result.regressions), 'regression')}{beyond}"
    if result.exit_code:
        return "inconclusive"  # the notes say why
    verdicts, numbers = (sum(one.differs for one in result.verdicts), sum(one.differs for one in result.numbers))
    return "no regression" + (f", {counted(verdicts + numbers, 'difference')}" if verdicts + numbers else "")


def _judgement(one: NumberChange | VerdictChange, limit: float) -> str:
    if isinstance(one, VerdictChange):
        return "regression" if one.regressed else "differs" if one.differs else ""
    return "regression" if one.regressed(limit) else "differs" if one.differs else ""


def _change(one: NumberChange) -> str:
    """`-20.3 % (-25.1 % to -14 %)`; in the number's unit where BASE is 0."""
    ends = (one.shift.low, one.shift.high)
    before = abs(median(one.base))
    if isfinite(one.relative) and before:
        estimate, low, high = (None if end is None else f"{end / before:+.1%}" for end in (one.shift.estimate, *ends))
    else:
        estimate, low, high = (None if end is None else _value(one, end) for end in (one.shift.estimate, *ends))
    return f"{estimate} ({low} to {high})" if low and high else f"{estimate}"


def _value(one: NumberChange, value: float) -> str:
    rounded = float(f"{value:.4g}")
    return f"{rounded:g} s" if one.number.name == TOOK else value_text(one.number.name, rounded)


def _p(p: float) -> str:
    return f"{p:.4f}" if p >= 0.0001 else "< 0.0001"
