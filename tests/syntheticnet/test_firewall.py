"""The fence: what is told where the kernel refuses it. That it holds is seen in real containers (e2e)."""

from __future__ import annotations

from pathlib import Path

import pytest

from syntheticnet.firewall import REFUSED, RULES, NoFence, raise_fence

from .builders import exactly


def nft(folder: Path, *lines: str) -> str:
    """A program in the place of nft."""
    program = folder / "nft"
    program.write_text("\n".join(("#!/bin/sh", f"cat > {folder}/rules", *lines)))
    program.chmod(0o755)
    return str(program)


def test_the_rules_are_handed_over(tmp_path: Path) -> None:
    """nft gets all of the rules, and is believed when it has taken them, whatever it says beside."""
    raise_fence(nft(tmp_path, "echo a warning >&2"))
    assert (tmp_path / "rules").read_text() == RULES


def test_a_refusal_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What nft says stands behind what to do, and nowhere else."""
    said = "netlink: Error: cache initialization failed: Operation not permitted"
    program = nft(tmp_path, f"echo '{said}' >&2", "echo '  ^^^^' >&2", "exit 1")
    with pytest.raises(NoFence, match=exactly(f"{REFUSED}; nft: {said}")):
        raise_fence(program)
    assert capfd.readouterr() == ("", "")


def test_a_silent_refusal(tmp_path: Path) -> None:
    """Then there is only what to do."""
    with pytest.raises(NoFence, match=exactly(REFUSED)):
        raise_fence(nft(tmp_path, "exit 1"))
