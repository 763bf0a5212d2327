"""Writes records with all samples as JSON and reads them back: for other programs, and to build a report later."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from syntheticnet.conditions import Conditions

from ..errors import WrongUse
from ..scenario.record import Record, Series
from ..scenario.shape import fits
from ..text.escaping import json_text

VERSION = 1
MOST_DEPTH = 100


def results_text(records: Sequence[Record]) -> str:
    """The JSON of records, deterministic. Samples that are not finite are omitted: JSON cannot express them."""
    document = {"version": VERSION, "records": [_written(record) for record in records]}
    return json_text(document, allow_nan=False, separators=(",", ":")) + "\n"


def read_results(text: str, name: str) -> tuple[Record, ...]:
    """Parse the output of `results_text`; raises WrongUse prefixed with the file's `name`."""
    try:
        document = json.loads(text)
        if document["version"] != VERSION:
            raise WrongUse(f"{name}: version {document['version']} is not supported; this synthlab reads {VERSION}")
        return tuple(_checked(Record.from_dict(record)) for record in document["records"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise WrongUse(f"{name}: not a file written by `synthlab scenario run --json`") from None


def _checked(record: Record) -> Record:
    """Return the record; raises ValueError if a value has the wrong type or conditions are invalid."""
    even = all(len(series.times_s) == len(series.values) for series in record.samples.values())
    if not (fits(record, Record) and even and all(0 <= step.depth < MOST_DEPTH for step in record.steps)):
        raise ValueError("a value has the wrong type")
    for one in record.configured:
        Conditions.from_dict(one.conditions)
    return record


def _written(record: Record) -> dict[str, Any]:
    values = _finite(record.to_dict())
    values["samples"] = {name: _measured(series) for name, series in sorted(record.samples.items())}
    return {str(key): value for key, value in values.items()}


def _measured(series: Series) -> dict[str, Any]:
    pairs = [(time, value) for time, value in zip(series.times_s, series.values, strict=True) if _is_finite(value)]
    return {"times_s": [time for time, _ in pairs], "values": [value for _, value in pairs]}


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(entry) for key, entry in value.items() if key != "samples"}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return value if _is_finite(value) else None


def _is_finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)
