"""Writing records as JSON, and reading them back."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from synthlab.errors import WrongUse
from synthlab.report import read_results, report_page, results_text
from synthlab.scenario.record import Series

from . import records

ALL = [records.dog(), records.failed(), records.inconclusive(), records.holed(), records.written()]


def test_round_trip() -> None:
    """What is read back equals what was written, and gives the same page."""
    text = results_text(ALL)
    again = read_results(text, "results.json")
    assert results_text(again) == text
    assert [record.judged for record in again] == [record.judged for record in ALL]
    assert [record.steps for record in again] == [record.steps for record in ALL]
    assert report_page(again[:1]) == report_page(ALL[:1])


def test_stable() -> None:
    """The order in which numbers were first sampled has no effect."""
    record = records.dog()
    other = replace(record, samples=dict(reversed(list(record.samples.items()))))
    assert results_text([record]) == results_text([other])


def test_only_numbers_that_json_has() -> None:
    """A sample that is not finite is omitted; such a number elsewhere is null."""
    samples = {"client1.app.ratio": Series(times_s=[1, 2, 3], values=[0.5, math.nan, math.inf])}
    judged = replace(records.dog().judged[0], seen={"client1.app.ratio": math.inf})
    text = results_text([replace(records.dog(), samples=samples, judged=(judged,))])

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    [record] = json.loads(text, parse_constant=refuse)["records"]
    assert record["samples"] == {"client1.app.ratio": {"times_s": [1], "values": [0.5]}}
    assert record["judged"][0]["seen"] == {"client1.app.ratio": None}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1}', '{"version": 1, "records": [{"scenario": "x"}]}'])
def test_other_files(text: str) -> None:
    """Anything but a results file is rejected, with the file's name."""
    with pytest.raises(WrongUse, match=r"^x\.json: not a file written by `synthlab scenario run --json`$"):
        read_results(text, "x.json")


def test_another_version() -> None:
    """Results of a later version are rejected as such."""
    with pytest.raises(WrongUse, match=r"^x\.json: version 2 is not supported; this synthlab reads 1$"):
        read_results('{"version": 2, "records": []}', "x.json")
