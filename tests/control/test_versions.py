"""Images and command line with different versions."""

from __future__ import annotations

from dataclasses import replace

from synthlab.assets import own_version
from synthlab.control.versions import describe_mismatch, other_versions
from synthlab.testing import FakeClientApi


def test_mismatch() -> None:
    """Clients of another version are reported in one line with the fix; those of ours are not."""
    ours = FakeClientApi("client1").state()
    theirs = replace(ours, answer={**ours.answer, "version": "0.0.9"})
    silent = replace(ours, answer={key: value for key, value in ours.answer.items() if key != "version"})
    others = other_versions({"client1": ours, "client2": theirs, "bot": silent})
    assert others == {"client2": "0.0.9", "bot": "an unknown version"}
    result = describe_mismatch(others) or ""
    assert result.startswith("versions differ: client2 runs 0.0.9, bot runs an unknown version, this is synthlab ")
    assert "synthlab images build" in result
    assert "\n" not in result
    assert describe_mismatch({}) is None


def test_one_version() -> None:
    """Images report the version of the command line."""
    from syntheticnet.version import VERSION

    assert own_version() == VERSION
