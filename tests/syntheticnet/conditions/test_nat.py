"""NAT as a value: what is written, what it means, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from syntheticnet.conditions import NAT_KEYS, NAT_KINDS, Conditions, ConditionsError, Nat

from ..builders import exactly

S = 10**9


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("symmetric", Nat(kind="symmetric")),
        (None, Nat()),
        ({"kind": "full-cone", "hairpin": True}, Nat(kind="full-cone", hairpin=True)),
        ({"kind": "symmetric", "mapping_timeout": "30s"}, Nat(kind="symmetric", mapping_timeout_ns=30 * S)),
        ({"kind": "restricted", "port_preserving": "no"}, Nat(kind="restricted", port_preserving=False)),
    ],
)
def test_what_is_written(written: Any, expected: Nat) -> None:
    """A kind alone, or with what differs from the defaults; what is written is read back as the same."""
    assert Nat.parse(written) == expected
    assert Nat.parse(expected.to_written()) == expected


@pytest.mark.parametrize("kind", NAT_KINDS)
def test_a_kind_alone_is_written_as_a_word(kind: str) -> None:
    assert Nat.parse({"kind": kind}).to_written() == kind


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("symetric", f"nat: 'symetric' is not one of {', '.join(NAT_KINDS)}; did you mean symmetric?"),
        (5, f"nat: 5 is not one of {', '.join(NAT_KINDS)}, or a mapping with a kind"),
        ({"hairpin": True}, f"nat: requires kind, one of {', '.join(NAT_KINDS)}"),
        (
            {"kind": "none", "hairpins": True},
            f"nat.hairpins: no such key; did you mean hairpin?; allowed: {', '.join(NAT_KEYS)}",
        ),
        (
            {"kind": "symmetric", "hairpin": True},
            "nat.hairpin: has no effect on symmetric: it requires full-cone, restricted, port-restricted",
        ),
        (
            {"kind": "none", "mapping_timeout": "30s"},
            "nat.mapping_timeout: has no effect on none: it requires full-cone, restricted, port-restricted, symmetric",
        ),
        (
            {"kind": "symmetric", "mapping_timeout": "1500ms"},
            "nat.mapping_timeout: '1500ms' is not a number of whole seconds from 1s to 1h",
        ),
        (
            {"kind": "symmetric", "mapping_timeout": "2h"},
            "nat.mapping_timeout: '2h' is not a number of whole seconds from 1s to 1h",
        ),
    ],
)
def test_what_is_refused(written: Any, line: str) -> None:
    """One line says where, what, and what is allowed."""
    with pytest.raises(ConditionsError, match=exactly(line)):
        Conditions().changed({"nat": written})


def test_a_change_replaces_all_of_it() -> None:
    """Values of the former NAT do not stay; a change that does not name it keeps it; null is none."""
    present = Conditions().changed({"nat": {"kind": "full-cone", "hairpin": True}})
    assert present.changed({"nat": "restricted"}).nat == Nat(kind="restricted")
    assert present.changed({"egress": {"loss": "1%"}}).nat == present.nat
    assert present.changed({"nat": None}).perfect
    assert not present.perfect


def test_it_is_among_the_conditions() -> None:
    """It is written with them, read back, and stays in force while the links are muted."""
    conditions = Conditions().changed({"nat": "symmetric", "egress": {"loss": "1%"}, "muted": True})
    assert conditions.to_dict()["nat"] == "symmetric"
    assert Conditions.from_dict(conditions.to_dict()) == conditions
    assert conditions.in_force().nat == Nat(kind="symmetric")
    assert "nat" not in Conditions().to_dict()
