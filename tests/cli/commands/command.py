"""How tests run a command, and read what it printed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from synthlab.cli.main import main
from synthlab.control.backend import Backend


def run(*arguments: str, backend: Backend) -> int:
    return main(arguments, backend)


def output_json(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)
