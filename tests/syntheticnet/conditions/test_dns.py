"""`dns`: what becomes of look-ups, changes of it, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from syntheticnet.conditions import Conditions, ConditionsError, applying_to

from ..builders import exactly

pytestmark = pytest.mark.issue(17)

DNS = {"app.example": {"delay": "3s"}, "*.cdn.example": {"answer": "servfail"}, "*": {"delay": "200ms"}}


def with_dns(**names: Any) -> Conditions:
    return Conditions().changed({"dns": {**DNS, **names}})


def test_round_trip() -> None:
    """What is written is read back; upper case, a dot at the end and spaces make no difference."""
    assert with_dns().to_dict() == {"dns": DNS}
    assert Conditions.from_dict(with_dns().to_dict()) == with_dns()
    assert not with_dns().perfect
    other = Conditions().changed({"dns": {"API.Example.": {"answer": "10.0.0.9 ,fd00:0::9,10.0.0.9"}}})
    assert other.to_dict() == {"dns": {"api.example": {"answer": "10.0.0.9, fd00::9"}}}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (
            {"app.example": {"answer": "nxdomain"}},
            {"app.example": {"delay": "3s", "answer": "nxdomain"}, "*": DNS["*"]},
        ),
        ({"app.example": {"delay": None}}, {"*": DNS["*"]}),
        ({"app.example": {"delay": None, "answer": "timeout"}}, {"app.example": {"answer": "timeout"}, "*": DNS["*"]}),
        ({"app.example": None, "*": {"delay": "0ms"}}, {"*": {"delay": "0ms"}}),
        (None, {}),
    ],
)
def test_changes(change: Any, names: dict[str, Any]) -> None:
    """What is not named stays; None clears a value, a name or all, and a name without values is gone."""
    before = Conditions().changed({"dns": {"app.example": DNS["app.example"], "*": DNS["*"]}})
    assert before.changed({"dns": change}).dns == Conditions().changed({"dns": names}).dns


def test_other_values_are_apart() -> None:
    """Muting the links, states and other changes leave look-ups as they are."""
    conditions = with_dns().changed({"muted": True, "egress": {"loss": "5%"}})
    assert conditions.dns == conditions.in_force().dns == with_dns().dns
    states = {"good": {"mean": "1s"}, "bad": {"mean": "1s", "egress": {"loss": "9%"}}}
    assert conditions.changed({"states": states}).in_state("bad").dns == with_dns().dns


@pytest.mark.parametrize(
    ("name", "applies"),
    [
        ("app.example", "app.example"),
        ("www.app.example", "*"),
        ("a.cdn.example", "*.cdn.example"),
        ("b.a.cdn.example", "*.cdn.example"),
        ("special.cdn.example", "special.cdn.example"),
        ("x.special.cdn.example", "*.special.cdn.example"),
        ("cdn.example", "*"),
        ("xcdn.example", "*"),
        ("", "*"),
    ],
)
def test_the_most_specific_name_applies(name: str, applies: str) -> None:
    """A name covers itself alone, `*.name` what is below it, and `*` the rest."""
    more = {"special.cdn.example": {"delay": "1s"}, "*.special.cdn.example": {"delay": "2s"}}
    assert applying_to(name, with_dns(**more).dns) == applies


def test_nothing_applies_to_other_names() -> None:
    assert applying_to("www.example", Conditions().changed({"dns": {"example": {"delay": "1s"}}}).dns) is None


ANSWERS = "nxdomain, servfail, timeout (no answer at all), or addresses such as 10.0.0.9, fd00::9"


@pytest.mark.parametrize(
    ("dns", "line"),
    [
        (3, "dns: 3 is not a mapping of names such as {app.example: {delay: 3s}, '*': {answer: nxdomain}}"),
        ({"a b": {"delay": "1s"}}, "dns.a b: 'a b' is not a name such as app.example, *.example or *"),
        ({"*.*": {"delay": "1s"}}, "dns.*.*: '*.*' is not a name such as app.example, *.example or *"),
        ({"": {"delay": "1s"}}, "dns.: '' is not a name such as app.example, *.example or *"),
        ({f"{'a' * 64}.example": {"delay": "1s"}}, None),
        ({".".join(["a" * 60] * 5): {"delay": "1s"}}, None),
        ({"a": 3}, "dns.a: 3 is not a mapping of values such as {delay: 3s} or {answer: nxdomain}"),
        ({"a": {}}, "dns.a: has no values; give a delay, an answer or both"),
        ({"a": {"dealy": "1s"}}, "dns.a.dealy: no such key; did you mean delay?; allowed: delay, answer"),
        ({"a": {"delay": 3}}, "dns.a.delay: 3 is not a time such as 80ms, 1.5s or 250us"),
        ({"a": {"delay": "21s"}}, "dns.a.delay: '21s' is not between 0ms and 20s; for no answer, answer: timeout"),
        ({"a": {"answer": "none"}}, f"dns.a.answer: 'none' is not {ANSWERS}"),
        ({"a": {"answer": "10.0.0.256"}}, f"dns.a.answer: '10.0.0.256' is not {ANSWERS}"),
        ({"a": {"answer": "fe80::1%eth0"}}, f"dns.a.answer: 'fe80::1%eth0' is not {ANSWERS}"),
        ({"a": {"answer": "1.2.3.4, nxdomain"}}, f"dns.a.answer: '1.2.3.4, nxdomain' is not {ANSWERS}"),
        ({"a": {"answer": ["1.2.3.4"]}}, f"dns.a.answer: ['1.2.3.4'] is not {ANSWERS}"),
        (
            {"a": {"answer": ",".join(f"10.0.0.{number}" for number in range(9))}},
            "dns.a.answer: 9 addresses; at most 8 are allowed",
        ),
        ({"b": None}, "dns.b: no such name; existing names: none"),
        ({"b": {"delay": None}}, "dns.b: no such name; existing names: none"),
        (
            {"a": {"delay": "1s"}, "A.": {"delay": "2s"}},
            "dns.A.: is given twice; upper case and a dot at the end make no other name",
        ),
        ({f"{number}.a": {"delay": "1s"} for number in range(101)}, "dns: 101 names; at most 100 are allowed"),
    ],
)
def test_bad_values(dns: Any, line: str | None) -> None:
    """One line says where, what and what is allowed."""
    with pytest.raises(ConditionsError, match=exactly(line) if line else "is not a name"):
        Conditions().changed({"dns": dns})
