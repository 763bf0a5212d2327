"""YAML values with file, line and path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthlab.errors import WrongUse
from synthlab.stack.yaml import Node, read_yaml


def read(text: str, folder: Path, **environment: str) -> Node:
    file = folder / "some.yaml"
    file.write_text(text)
    return read_yaml(file, "some.yaml", environment)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", {"a": 1}),
        ("a: 010", {"a": 10}),
        ("a: 0x1F", {"a": 31}),
        ("a: 1.5", {"a": 1.5}),
        ("a: true", {"a": True}),
        ("a: yes", {"a": "yes"}),
        ("a: ~", {"a": None}),
        ("a: '1'", {"a": "1"}),
        ("a: 2020-01-01", {"a": "2020-01-01"}),
        ("a: [1, {b: 2}]", {"a": [1, {"b": 2}]}),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("a: ${N}", {"a": 2}),
        ("a: '${N}'", {"a": "2"}),
        ("a: ${N}0ms", {"a": "20ms"}),
    ],
)
def test_values(text: str, value: Any, tmp_path: Path) -> None:
    """Scalars follow YAML 1.2, unquoted variables included; anchors and merges work."""
    assert read(text, tmp_path, N="2").plain() == value


def test_places(tmp_path: Path) -> None:
    """Every value knows its line and its path, in mappings and in lists."""
    top = read("a:\n  b:\n    - 1\n    - c: 2\n", tmp_path)
    inner = top.value["a"].value["b"].value[1].value["c"]
    assert (inner.line, inner.path) == (4, "a.b[1].c")


def test_text_stays_as_typed(tmp_path: Path) -> None:
    """An unquoted version is not read as a number: 1.10 does not become 1.1."""
    assert read("version: 1.10", tmp_path).value["version"].text() == "1.10"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "some.yaml: is empty"),
        ("a: 1\na: 2", "some.yaml:2: a: duplicate key"),
        ("a: [1,\n", "some.yaml:2: not YAML: expected the node content, but found '<stream end>'"),
        ("a: *b", "some.yaml:1: not YAML: found undefined alias 'b'"),
        ("a: &x {b: *x}", "some.yaml:1: contains itself"),
        ("a: &x 1\nb: {<<: *x}", "some.yaml:1: <<: is not a mapping or a list of mappings"),
        ("? [1]\n: 2", "some.yaml:1: has a key that is not a scalar"),
        ("\ta: 1", "some.yaml:1: not YAML: found character '\\t' that cannot start any token"),
        ("a:\n  b: ${NONE}", "some.yaml:2: a.b: the variable NONE is not set"),
    ],
)
def test_mistakes(text: str, message: str, tmp_path: Path) -> None:
    """Invalid YAML and mistakes are reported in one line with their place."""
    with pytest.raises(WrongUse) as caught:
        read(text, tmp_path)
    assert caught.value.message.startswith(message)
    assert "\n" not in caught.value.message


def test_unreadable(tmp_path: Path) -> None:
    """A file that is not UTF-8 is rejected."""
    file = tmp_path / "some.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WrongUse, match=r"some\.yaml: cannot be read"):
        read_yaml(file, "some.yaml", {})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{a: {b: 1}}", "a mapping"),
        ("[a, 1.10, true]", "[a, 1.10, true]"),
        ("[{a: 1}]", "a list"),
        (f"[{'x' * 60}]", "a list"),
        ("'on'", "'on'"),
        ("true", "true"),
        ("1.10", "1.10"),
        ("~", "~"),
        ("", "nothing"),
    ],
)
def test_values_in_errors(text: str, shown: str, tmp_path: Path) -> None:
    """A scalar or short list is shown as it was typed, anything longer by its kind: never as Python prints it."""
    file = tmp_path / "a.yaml"
    file.write_text(f"a: {text}\n")
    assert read_yaml(file, "a.yaml", {}).value["a"].quoted() == shown
