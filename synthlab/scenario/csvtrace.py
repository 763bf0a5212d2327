"""Parses CSV tables of times and conditions; each row applies from its time until the next row's."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syntheticnet.conditions import ConditionsError, nearest_condition, parse_duration

from ..errors import did_you_mean
from ..text.durations import MS_NS, SECOND_NS, format_duration, seconds_of
from .conditions_reader import by_direction
from .conditions_schema import CLEAR, SIDES, fields_by_name

# An hour of rows that are as close as allowed.
MOST_ROWS = 36_000
LEAST_APART_NS = 100 * MS_NS
_HEADER = re.compile(r"\s*([A-Za-z_.]+)\s*(?:\[\s*(\S+)\s*\])?\s*")
_ZERO_RATE = re.compile(r"0+(?:\.0+)?\s*[kmg]?bit(?:/s)?", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class CsvTrace:
    """`rows` are times in nanoseconds, ascending from 0, each with the complete change from that time on."""

    rows: tuple[tuple[int, Mapping[str, Any]], ...]

    @property
    def lasts_ns(self) -> int:
        """The total length. The last row lasts as long as the one before it; a single row lasts one second."""
        times = [at_ns for at_ns, _ in self.rows]
        return 2 * times[-1] - times[-2] if len(times) > 1 else SECOND_NS


@dataclass(frozen=True, slots=True)
class _Column:
    """A column's condition and side; `unit` applies to numbers without one."""

    side: str
    condition: str
    unit: str

    def change(self, cell: str, before: Mapping[str, Any]) -> dict[str, Any]:
        """What a cell changes of a side's values so far; a rate of 0 is an outage until the next rate."""
        text = _with_unit(cell, self.unit)
        if self.condition == "rate" and _ZERO_RATE.fullmatch(text):
            return {"outage": True}
        if text != CLEAR:
            fields_by_name()[self.condition].metadata["unit"].parse(text)
        ends = {"outage": None} if self.condition == "rate" and before.get("outage") is True else {}
        return {self.condition: None if text == CLEAR else text, **ends}


def read_csv(text: str) -> CsvTrace:
    """Parse a table with a header such as `time [s],egress.rate [kbit],both.loss`; `#` starts a comment.

    Cells require a unit unless the header has one in brackets; a time without one is in seconds. An empty cell keeps
    the previous row's value, `none` clears it. Raises ValueError with the line number.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.partition("#")[0].strip()]
    rows = [(number, _cells(number, line)) for number, line in lines]
    if len(rows) < 2:
        raise ValueError("requires a header such as time,egress.rate and at least one row of values")
    if len(rows) > MOST_ROWS:
        raise ValueError(f"has {len(rows) - 1} rows; at most {MOST_ROWS - 1} are allowed")
    (number, header), *body = rows
    time_unit, columns = _read_header(header, number)
    return CsvTrace(tuple(_read_rows(body, time_unit, columns)))


def _cells(number: int, line: str) -> list[str]:
    try:
        return next(csv.reader([line.partition("#")[0]]))
    except csv.Error as error:
        raise ValueError(f"line {number}: {error}") from None


def _read_header(header: list[str], number: int) -> tuple[str, list[_Column]]:
    forms = [_HEADER.fullmatch(cell) for cell in header]
    if not all(forms) or not forms[0] or forms[0][1] != "time" or len(forms) < 2:
        raise ValueError(f"line {number}: not a header that starts with time, such as time [s],egress.rate")
    return forms[0][2] or "", [_column(form[1], form[2] or "", number) for form in forms[1:] if form]


def _column(name: str, unit: str, number: int) -> _Column:
    side, _, condition = name.partition(".")
    if side not in SIDES or condition not in fields_by_name():
        known = [f"{side}.{name}" for side in SIDES for name in fields_by_name()]
        near = nearest_condition(condition, fields_by_name()) if side in SIDES else None
        hint = f"; did you mean {side}.{near}?" if near else did_you_mean(name, known)
        raise ValueError(f"line {number}: unknown column '{name}'{hint}; expected a condition such as egress.rate")
    return _Column(side, condition, unit)


def _read_rows(body: list[tuple[int, list[str]]], time_unit: str, columns: list[_Column]) -> Any:
    present: dict[str, dict[str, Any]] = {}  # by side
    last_ns = -LEAST_APART_NS
    for number, cells in body:
        try:
            if len(cells) != 1 + len(columns):
                raise ValueError(f"has {len(cells)} cells; the header has {1 + len(columns)}")
            at_ns = _read_time(cells[0], time_unit)
            _check_time(at_ns, last_ns)
            for column, cell in zip(columns, cells[1:], strict=True):
                if cell.strip():
                    values = present.setdefault(column.side, {})
                    values |= column.change(cell, values)
        except (ValueError, ConditionsError) as error:
            raise ValueError(f"line {number}: {error}") from None
        yield at_ns, by_direction(present)
        last_ns = at_ns


def _read_time(cell: str, unit: str) -> int:
    return parse_duration(_with_unit(cell, unit or "s"))


def _check_time(at_ns: int, last_ns: int) -> None:
    if last_ns < 0 and at_ns:
        raise ValueError(f"the first time is {seconds_of(at_ns):g}s; it must be 0")
    if last_ns >= 0 and at_ns - last_ns < LEAST_APART_NS:
        raise ValueError(
            f"{seconds_of(at_ns):g}s is less than {format_duration(LEAST_APART_NS)} after the previous row"
        )


def _with_unit(cell: str, unit: str) -> str:
    text = cell.strip()
    return f"{text}{unit}" if _NUMBER.fullmatch(text) else text
