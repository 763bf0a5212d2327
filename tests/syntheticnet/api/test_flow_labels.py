"""Names of flows in metrics: bounded, and stable."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syntheticnet.api.flow_labels import MOST_NAMED, FlowLabels, Rising


def test_the_first_flows_are_named() -> None:
    """At most 64; one that is called as the sum of the others is one of those."""
    names = ["other", *(f"*:udp:{port}" for port in range(100))]
    assert FlowLabels().of(names) == names[1 : MOST_NAMED + 1]


def test_a_flow_keeps_its_label_while_it_exists() -> None:
    """However flows are ordered; a new one gets the place of one that was removed."""
    labels, names = FlowLabels(), [f"*:udp:{port}" for port in range(100)]
    first = labels.of(names)
    assert labels.of(names[::-1]) == first[::-1]
    assert labels.of(names[1:]) == first[1:]
    assert labels.of([*names[1:], "new"]) == [*first[1:], "new"]
    assert labels.of(names) == first


@given(st.lists(st.integers(0, 100)))
def test_a_sum_never_falls(totals: list[int]) -> None:
    """What comes after a fall is added to what was before it."""
    rising = Rising()
    values = [rising.of("a", total) for total in totals]
    assert values == sorted(values)
    assert sum(max(0, late - early) for early, late in zip([0, *totals], totals, strict=False)) == max([0, *values])
