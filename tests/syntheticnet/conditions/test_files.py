"""Files: storage within limits, and conditions that refer to files."""

from __future__ import annotations

from typing import Any

import pytest

from syntheticnet.conditions import Conditions, ConditionsError, FileContent
from syntheticnet.conditions.files import Files, named_files
from syntheticnet.conditions.uploads import MOST_BYTES, MOST_FILES

from ..builders import exactly


def numbers(text: FileContent) -> list[int]:
    return [int(line) for line in bytes(text).splitlines()]


def test_a_file_is_parsed_once() -> None:
    """A parsed file is cached until its text changes."""
    parsed: list[FileContent] = []

    def parse(text: FileContent) -> list[int]:
        parsed.append(text)
        return numbers(text)

    files = Files({"a": b"1\n2"})
    assert [files.parsed("a", parse), files.parsed("a", parse)] == [[1, 2]] * 2
    files.put("a", b"3")
    assert files.parsed("a", parse) == [3]
    assert parsed == [b"1\n2", b"3"]


def test_mistakes_name_the_file() -> None:
    """A missing file, one of another kind, one with an invalid name, and one too many are errors."""
    files = Files({"a": b"x", "b": b""})
    with pytest.raises(ConditionsError, match=exactly("train: no such file; uploaded files: a, b")):
        files.content("train")
    with pytest.raises(ConditionsError, match=r"\Aa: invalid literal for int\(\)"):
        files.parsed("a", numbers)
    with pytest.raises(ConditionsError, match=r"\A'../x' is not the name of an uploaded file"):
        files.put("../x", b"")
    kept = "; at most 32 files and 16 MB per client"
    with pytest.raises(ConditionsError, match=exactly(f"c: is 16.00 MB (3 files, 16.00 MB in total){kept}")):
        files.put("c", b"x" * MOST_BYTES)
    with pytest.raises(ConditionsError, match=exactly(f"c: is 0.00 MB (33 files, 0.00 MB in total){kept}")):
        Files({f"f{n}": b"" for n in range(MOST_FILES)}).put("c", b"")
    with pytest.raises(ConditionsError, match=exactly(f"c: is 20.00 MB{kept}")):
        Files().put("c", b"x" * (20 << 20))
    assert files.contents == {"a": b"x", "b": b""}


def test_sizes_and_removal() -> None:
    """Sizes are in bytes; a removed file is gone."""
    files = Files({"a": "ä".encode()})
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
