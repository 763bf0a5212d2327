"""The names exported by `import synthlab`."""

from __future__ import annotations

import subprocess
import sys

import pytest

import synthlab


def test_names() -> None:
    """Every name in `__all__` exists."""
    assert all(getattr(synthlab, name).__doc__ for name in synthlab.__all__)
    with pytest.raises(AttributeError, match="module 'synthlab' has no attribute 'Lob'"):
        _ = synthlab.Lob


def test_import_is_quick() -> None:
    """Nothing is imported before a name is used: pytest imports synthlab wherever it is installed."""
    program = "import sys, synthlab; print(*(name for name in sys.modules if name.startswith('synthlab.')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
