"""Runs commands in tests, and reads their output."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from synthlab.cli.main import main
from synthlab.control.backend import Backend
from synthlab.testing import FakeEngine, fake_backend


def run(*arguments: str, backend: Backend) -> int:
    return main(arguments, backend)


def output_json(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def expired_backend() -> Backend:
    """A backend in which the lab `old` has expired, and `call` is up."""
    backend, apis = fake_backend("call", "old")
    containers = [replace(one, expires=1 if one.lab == "old" else None) for one in backend.engine.containers()]
    return Backend(FakeEngine(containers), lambda container: apis[container.id])
