"""Records as JUnit XML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xmlschema import XMLSchema, XMLSchemaValidationError

from synthlab.report.junit import junit_text
from synthlab.scenario.record import Record

from . import records

SCHEMA = XMLSchema(Path(__file__).with_name("junit.xsd"))


def suites(*given: Record) -> list[ElementTree.Element]:
    """The suites of a document that conforms to the schema."""
    text = junit_text(given)
    SCHEMA.validate(text)
    return list(ElementTree.fromstring(text.encode()))


def cases(record: Record) -> list[tuple[str, str | None]]:
    """The result of each case by name, with its type."""
    found = []
    for case in suites(record)[0].iter("testcase"):
        result = next(iter(case), None)
        found.append((case.attrib["name"], None if result is None else f"{result.tag}: {result.attrib['type']}"))
    return found


EXPECTATIONS = [
    "expect client1.video.client2.fps >= 10 within 30s",
    "expect client1.video.client2.kbps < 50% of before within 5s",
    "recovers client1.video.client2.fps >= 80% of before within 15s for 3s",
]


def test_a_case_for_each_expectation() -> None:
    """A passed run has a case for the run and one per expectation, named by its mark or its text."""
    run = ("run", None)
    assert cases(records.dog()) == [run, *((name, None) for name in EXPECTATIONS)]


def test_a_failure() -> None:
    """A failed expectation is a failure with its reason and numbers; the run's own case does not fail a second time."""
    assert cases(records.failed())[3] == (EXPECTATIONS[2], "failure: failed")
    assert cases(records.failed())[0] == ("run", None)
    failure = suites(records.failed())[0].find(".//failure")
    assert failure is not None
    assert failure.text is not None
    assert failure.attrib["message"].startswith("did not hold within 0.1s")
    assert failure.text.startswith("dog-chews-fiber.yaml:16: recovers ")
    assert failure.text.endswith("\nclient1.video.client2.fps = 2.1 fps")


def test_what_could_not_be_judged() -> None:
    """An inconclusive run and its undecided expectations are errors of that type, never failures."""
    assert [result for _, result in cases(records.inconclusive())] == [
        "error: inconclusive",
        None,
        None,
        "error: inconclusive",
    ]
    suite = suites(records.inconclusive())[0]
    assert (suite.attrib["tests"], suite.attrib["errors"], suite.attrib["failures"]) == ("4", "2", "0")


def test_without_expectations() -> None:
    """A run without expectations, and one that failed for another reason, still have a case."""
    nothing = replace(records.dog(), judged=())
    assert cases(nothing) == [("run", None)]
    broken = replace(nothing, verdict="failed", reasons=("client1 went away",))
    assert cases(broken) == [("run", "failure: failed")]


def test_a_step_that_could_not_be_played() -> None:
    """A step that could not be played is an error with the reason."""
    record = records.dog()
    broken = replace(record.steps[2], error="client2: connection refused")
    assert ("the dog chews", "error: not played") in cases(replace(record, steps=(*record.steps[:2], broken)))


@pytest.mark.issue(10)
def test_a_step_that_failed() -> None:
    """A command that ended badly is a failure of its own step, not an error, and the run's case does not fail too."""
    record = records.dog()
    bad = replace(record.steps[2], error="ended with status 3: no")
    reason = f"{bad.place}: {bad.text}: {bad.error}"
    failed = replace(record, verdict="failed", reasons=(reason,), steps=(*record.steps[:2], bad))
    assert cases(failed)[0] == ("run", None)
    assert ("the dog chews", "failure: failed") in cases(failed)


def test_names_that_stay() -> None:
    """A case keeps its name when lines move, steps are added before it, or the file's path changes."""
    record = records.dog()
    judged = tuple(replace(one, id=f"9.{one.id}", place=f"other/dog.yaml:{99}") for one in record.judged)
    moved = replace(record, file="other/dog.yaml", judged=judged)
    assert cases(moved) == cases(record)
    marked = replace(record, judged=tuple(replace(one, mark=f"mark {one.id}") for one in record.judged))
    assert [name for name, _ in cases(marked)] == ["run", "mark 1", "mark 4", "mark 5"]


@pytest.mark.issue(10)
def test_repeats() -> None:
    """A repeated expectation and a repeated run get unique names."""
    record = records.dog()
    twice = replace(record, judged=(*record.judged, replace(record.judged[0], id="6")))
    assert [name for name, _ in cases(twice)] == ["run", *EXPECTATIONS, f"{EXPECTATIONS[0]} #2"]
    runs = suites(record, record, replace(record, scenario="elevator"), record)
    names = ["dog-chews-fiber", "dog-chews-fiber #2", "elevator", "dog-chews-fiber #3"]
    assert [suite.attrib["name"] for suite in runs] == names
    assert [next(suite.iter("testcase")).attrib["classname"] for suite in runs] == names
    all_cases = [(case.attrib["classname"], case.attrib["name"]) for suite in runs for case in suite.iter("testcase")]
    assert len(set(all_cases)) == len(all_cases)


def test_facts_of_the_run() -> None:
    """Seed, versions and facts are properties; times are in seconds; each run is a numbered suite."""
    first, second = suites(records.dog(), records.failed())
    properties = {entry.attrib["name"]: entry.attrib["value"] for entry in first.iter("property")}
    assert properties["seed"] == "7"
    assert properties["seed.client2"] == "1001"
    assert properties["evidence.logs of client1"] == "evidence/client1.log"
    assert properties["engine"] == "Docker 28.3.3, Compose 2.39.1"
    assert (first.attrib["time"], first.attrib["timestamp"]) == ("45.0", "2026-03-02T14:05:11")
    assert [case.attrib["time"] for case in first.iter("testcase")] == ["45.0", "1.198", "0.692", "7.189"]
    assert (first.attrib["id"], second.attrib["id"]) == ("0", "1")
    result = first.findtext("system-out") or ""
    assert "recovers client1.video.client2.fps >= 80% of before within 15s for 3s: passed, took 4.2s" in result


@settings(deadline=None, derandomize=True)
@given(st.text(st.characters(), min_size=1, max_size=40))
def test_any_text(text: str) -> None:
    """Whatever a scenario or an application writes, the document parses and conforms to the schema."""
    failed = records.failed()
    judged = tuple(replace(one, text=text, reason=text, verdict="failed") for one in failed.judged)
    record = replace(failed, about=text, reasons=(text,), judged=judged, facts={"kernel": text})
    assert len(list(suites(record)[0].iter("failure"))) == 3


def test_the_schema_refuses() -> None:
    """The schema is strict: it rejects a case without a time, or with an unknown attribute."""
    good = junit_text([records.dog()])
    for bad in (good.replace(' time="1.198"', ""), good.replace("<testcase ", '<testcase file="x" ')):
        assert bad != good
        with pytest.raises(XMLSchemaValidationError):
            SCHEMA.validate(bad)
