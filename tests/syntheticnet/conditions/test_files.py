"""Files: storage within limits, and conditions that refer to files."""

from __future__ import annotations

from typing import Any

import pytest

from syntheticnet.conditions import Conditions, ConditionsError
from syntheticnet.conditions.files import Files, named_files
from syntheticnet.conditions.uploads import MOST_BYTES, MOST_FILES

from ..builders import exactly


def numbers(text: str) -> list[int]:
    return [int(line) for line in text.splitlines()]


def test_a_file_is_parsed_once() -> None:
    """A parsed file is cached until its text changes."""
    parsed: list[str] = []

    def parse(text: str) -> list[int]:
        parsed.append(text)
        return numbers(text)

    files = Files({"a": "1\n2"})
    assert [files.parsed("a", parse), files.parsed("a", parse)] == [[1, 2]] * 2
    files.put("a", "3")
    assert files.parsed("a", parse) == [3]
    assert parsed == ["1\n2", "3"]


def test_mistakes_name_the_file() -> None:
    """A missing file, one of another kind, one with an invalid name, and one too many are errors."""
    files = Files({"a": "x", "b": ""})
    with pytest.raises(ConditionsError, match=exactly("train: no such file; uploaded files: a, b")):
        files.text("train")
    with pytest.raises(ConditionsError, match=r"\Aa: invalid literal for int\(\)"):
        files.parsed("a", numbers)
    with pytest.raises(ConditionsError, match=r"\A'../x' is not the name of an uploaded file"):
        files.put("../x", "")
    kept = "; at most 32 files and 4 MB per client"
    with pytest.raises(ConditionsError, match=exactly(f"c: is 4.00 MB (3 files, 4.00 MB in total){kept}")):
        files.put("c", "x" * MOST_BYTES)
    with pytest.raises(ConditionsError, match=exactly(f"c: is 0.00 MB (33 files, 0.00 MB in total){kept}")):
        Files({f"f{n}": "" for n in range(MOST_FILES)}).put("c", "")
    with pytest.raises(ConditionsError, match=exactly(f"c: is 6.00 MB{kept}")):
        Files().put("c", "ä" * (3 << 20))
    assert files.texts() == {"a": "x", "b": ""}


def test_sizes_and_removal() -> None:
    """Sizes are in bytes; a removed file is gone."""
    files = Files({"a": "ä"})
    assert files.sizes() == {"a": 2}
    files.remove("a")
    assert files.sizes() == {}


def test_conditions_find_their_files() -> None:
    """Every file a link or flow refers to must exist; the error says where the reference is."""
    written = {"flows": {"*:udp": {"ingress": {"jitter": "5ms", "jitter_table": "wifi"}}}}
    line = exactly("flows.*:udp.ingress.jitter_table: wifi: no such file; uploaded files: none")
    with pytest.raises(ConditionsError, match=line):
        Files().check(Conditions.from_dict(written))
    Files().check(Conditions())


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ({}, set()),
        ({"egress": {"jitter_table": "a", "loss": "5%"}, "ingress": {"jitter_table": None}}, {"a"}),
        ({"flows": {"*:udp": {"egress": {"jitter_table": "b"}}, "*:tcp": None}, "egress": None}, {"b"}),
        ({"flows": None, "seed": 5}, set()),
    ],
)
def test_files_that_are_named(written: dict[str, Any], names: set[str]) -> None:
    """File names are found in conditions and changes, in links and flows."""
    assert named_files(written) == names
