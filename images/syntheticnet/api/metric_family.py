"""One metric with all its series, in the text format of Prometheus (version 0.0.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

Kind = Literal["gauge", "counter"]

_IN_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})
_IN_LABEL = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class MetricFamily:
    """A metric; `labels` are the names of what tells its series apart."""

    def __init__(self, kind: Kind, name: str, help: str, labels: Sequence[str] = ()) -> None:
        """The name of a counter gets the ending `_total`."""
        self._name = f"{name}_total" if kind == "counter" else name
        self._labels = labels
        self._lines = [f"# HELP {self._name} {help.translate(_IN_HELP)}\n", f"# TYPE {self._name} {kind}\n"]

    def add(self, values: Sequence[str], value: float) -> None:
        """Add a series with these values of the labels."""
        self._lines.append(f"{self._name}{_braced(self._labels, values)} {_number(value)}\n")

    def text(self) -> str:
        """All its lines."""
        return "".join(self._lines)


def single(kind: Kind, name: str, help: str, value: float) -> MetricFamily:
    """A metric with one series, without labels."""
    family = MetricFamily(kind, name, help)
    family.add((), value)
    return family


def info(name: str, help: str, about: Mapping[str, str]) -> MetricFamily:
    """A gauge that is 1, whose labels say something; its name gets the ending `_info`."""
    family = MetricFamily("gauge", f"{name}_info", help, tuple(about))
    family.add(tuple(about.values()), 1)
    return family


def _braced(labels: Sequence[str], values: Sequence[str]) -> str:
    pairs = [f'{label}="{value.translate(_IN_LABEL)}"' for label, value in zip(labels, values, strict=True)]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _number(value: float) -> str:
    text = repr(float(value))
    return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(text, text)
