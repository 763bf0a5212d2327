"""The text format of Prometheus, as its own parser reads it."""

from __future__ import annotations

import math

import pytest
from prometheus_client.parser import text_string_to_metric_families

from syntheticnet.api.metric_family import MetricFamily, info, single

HOSTILE = 'a "b" \\ {c},d=1\nand \\n'


def test_labels_and_help_are_read_as_they_were() -> None:
    """Quotes, backslashes and line breaks too."""
    family = MetricFamily("gauge", "queued", HOSTILE, ("direction", "flow"))
    family.add(("egress", HOSTILE), 3)
    family.add(("ingress", ""), 0.25)
    (found,) = text_string_to_metric_families(family.text())
    assert (found.name, found.type, found.documentation) == ("queued", "gauge", HOSTILE)
    assert [(sample.labels, sample.value) for sample in found.samples] == [
        ({"direction": "egress", "flow": HOSTILE}, 3),
        ({"direction": "ingress", "flow": ""}, 0.25),
    ]


def test_a_counter_ends_in_total() -> None:
    """Prometheus expects it of counters."""
    (found,) = text_string_to_metric_families(single("counter", "restarts", "how often", 2).text())
    assert (found.type, found.samples[0].name, found.samples[0].value) == ("counter", "restarts_total", 2)


def test_what_only_says_something_is_1() -> None:
    """It says it in labels."""
    (found,) = text_string_to_metric_families(info("client", "this one", {"name": "c1"}).text())
    assert (found.samples[0].name, found.samples[0].labels, found.samples[0].value) == (
        "client_info",
        {"name": "c1"},
        1,
    )


@pytest.mark.parametrize("value", [math.inf, -math.inf, 0, 1e-9, 1e18, True])
def test_numbers(value: float) -> None:
    """Every number comes back unchanged."""
    (found,) = text_string_to_metric_families(single("gauge", "rate", "a rate", value).text())
    assert found.samples[0].value == value


def test_too_few_values_are_an_error() -> None:
    """A series names all its labels."""
    with pytest.raises(ValueError, match="shorter"):
        MetricFamily("gauge", "queued", "packets", ("direction", "flow")).add(("egress",), 1)
