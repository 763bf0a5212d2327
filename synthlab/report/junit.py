"""Writes records as JUnit XML for CI systems: a suite per run, with a case for the run and for each expectation.

A case keeps its name when other parts of its scenario are edited, so that CI systems can track it. Files and lines are
in the text, not in attributes: the XML conforms to the schema of Ant's reports
(https://github.com/windyroad/JUnit-Schema), the strictest of those in use.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from junitparser import Attr, Error, Failure, JUnitXml, TestCase, TestSuite
from junitparser.junitparser import FinalResult, SystemErr, SystemOut

from ..scenario.expression import value_text
from ..scenario.record import Judged, Played, Record
from ..scenario.titles import distinct, run_titles, title
from ..text.durations import format_seconds
from ..text.escaping import shown_lines

_TO_THE_SECOND = len("2026-01-31T12:00:00")


class _Suite(TestSuite):
    """A suite with two attributes that the schema requires and the library lacks."""

    id = Attr()
    package = Attr()


def junit_text(records: Sequence[Record]) -> str:
    """One document for all runs. A failed expectation is a failure; one not judged, or a step not played, an error."""
    document = JUnitXml()
    suites = [_suite(number, *run) for number, run in enumerate(zip(run_titles(records), records, strict=True))]
    document.extend(suites)  # type: ignore[no-untyped-call]
    written: bytes = document.tostring()  # type: ignore[no-untyped-call]
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{written.decode()}\n'


def _suite(number: int, run: str, record: Record) -> TestSuite:
    suite = _Suite(_fit(run))
    suite.id, suite.package = str(number), _fit(record.scenario)
    suite.hostname = _fit(record.facts.get("host", "localhost"))
    # The schema allows neither fractions of a second nor a time zone.
    suite.timestamp = record.started[:_TO_THE_SECOND]
    for name, value in _properties(record):
        suite.add_property(_fit(name), _fit(value))
    suite.add_testcases(list(_cases(record, run)))
    # After the cases, as the library makes their sum the time of the suite, and the case `run` alone lasts as long.
    suite.time = round(record.duration_s, 3)
    troubles = record.reasons if record.verdict != "passed" else ()
    texts = SystemOut(_fit("\n".join(_output(record)))), SystemErr(_fit("\n".join(troubles)))
    suite.extend(texts)  # type: ignore[no-untyped-call]
    return suite


def _properties(record: Record) -> Iterator[tuple[str, str]]:
    yield from (("seed", str(record.seed)), ("file", record.file), ("stack", record.stack), ("lab", record.lab))
    yield "verdict", record.verdict
    yield from [("retried", str(record.retried))] * bool(record.retried)
    yield from ((f"seed.{client}", str(seed)) for client, seed in record.client_seeds.items())
    yield from ((f"var.{name}", value) for name, value in record.variables.items())
    yield from record.facts.items()
    yield from ((f"evidence.{shows}", file) for shows, file in record.evidence.items())


def _cases(record: Record, run: str) -> Iterator[TestCase]:
    """The cases of a suite, with unique names."""
    cases = list(_named(record))
    for case, name in zip(cases, distinct(case.name for case in cases), strict=True):
        case.name, case.classname = name, _fit(run)
    yield from cases


def _named(record: Record) -> Iterator[TestCase]:
    """The case of the run, which fails only for reasons without a case; then expectations and steps with errors."""
    judged = any(one.verdict == "failed" for one in record.judged)
    blamed = judged or any(_failed(step, record) for step in record.steps)
    broken = record.verdict != "passed" and not (record.verdict == "failed" and blamed)
    result = _result(record.verdict, "; ".join(record.reasons), "\n".join(record.reasons)) if broken else None
    yield _case("run", record.duration_s, result)
    decided = {one.id for one in record.judged}
    yield from (_judged(one) for one in record.judged)
    yield from (_ended_badly(step, record) for step in record.steps if step.error and step.id not in decided)


def _ended_badly(step: Played, record: Record) -> TestCase:
    """A step that failed, such as a command with another exit status, or could not be played."""
    error = _fit(step.error or "")
    result = Failure(error, "failed") if _failed(step, record) else Error(error, "not played")
    result.text = _fit(f"{step.place}: {step.text}: {error}")
    return _case(title(step), 0.0, result)


def _failed(step: Played, record: Record) -> bool:
    """Whether a step was played and failed: the reason of one that could not be played says so."""
    return f"{step.place}: {step.text}: {step.error}" in record.reasons


def _judged(judged: Judged) -> TestCase:
    lasted_s = judged.decided_s - judged.asked_s if judged.decided_s is not None and judged.asked_s is not None else 0.0
    text = f"{judged.place}: {judged.text}: {judged.reason}\n{_seen(judged)}"
    result = None if judged.verdict == "passed" else _result(judged.verdict, judged.reason, text)
    return _case(title(judged), lasted_s, result)


def _case(name: str, lasted_s: float, result: FinalResult | None) -> TestCase:
    case = TestCase(_fit(name), None, round(max(0.0, lasted_s), 3))
    if result is not None:
        case.result = result
    return case


def _result(verdict: str, message: str, text: str) -> FinalResult:
    result = (Failure if verdict == "failed" else Error)(_fit(message), verdict)
    result.text = _fit(text)
    return result


def _output(record: Record) -> Iterator[str]:
    """The verdict with its reasons, then the result of each expectation, then the evidence."""
    yield f"{record.scenario}: {record.verdict}"
    yield from record.reasons
    for judged in record.judged:
        yield f"{judged.place}: {judged.text}: {judged.verdict}{_took(judged)}"
    yield from (f"{what}: {file}" for what, file in record.evidence.items())


def _seen(judged: Judged) -> str:
    return ", ".join(f"{name} = {value_text(name, value)}" for name, value in judged.seen.items())


def _fit(text: str) -> str:
    """Escape characters that XML 1.0 forbids, and those that control a terminal."""
    return shown_lines(text)


def _took(judged: Judged) -> str:
    if judged.took_s is None:
        return ""
    error = "" if judged.error_s is None else f" (less up to {format_seconds(judged.error_s)})"
    return f", took {format_seconds(judged.took_s)}{error}"
