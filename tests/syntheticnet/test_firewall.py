"""The firewall: error messages if the kernel rejects it. The e2e tests check that it holds in real containers."""

from __future__ import annotations

from pathlib import Path

import pytest

from syntheticnet.firewall import REFUSED, RULES, NoFirewall, raise_firewall

from .builders import exactly


def nft(folder: Path, *lines: str) -> str:
    """A program that replaces nft."""
    program = folder / "nft"
    program.write_text("\n".join(("#!/bin/sh", f"cat > {folder}/rules", *lines)))
    program.chmod(0o755)
    return str(program)


def test_the_rules_are_handed_over(tmp_path: Path) -> None:
    """nft receives all rules; its exit status counts, not its output."""
    raise_firewall(nft(tmp_path, "echo a warning >&2"))
    assert (tmp_path / "rules").read_text() == RULES


def test_a_refusal_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The error has the fix first, then nft's message; nothing else is printed."""
    said = "netlink: Error: cache initialization failed: Operation not permitted"
    program = nft(tmp_path, f"echo '{said}' >&2", "echo '  ^^^^' >&2", "exit 1")
    with pytest.raises(NoFirewall, match=exactly(f"{REFUSED}; nft: {said}")):
        raise_firewall(program)
    assert capfd.readouterr() == ("", "")


def test_a_silent_refusal(tmp_path: Path) -> None:
    """Without output from nft the error has only the fix."""
    with pytest.raises(NoFirewall, match=exactly(REFUSED)):
        raise_firewall(nft(tmp_path, "exit 1"))
