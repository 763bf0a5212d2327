"""Runs the shell of GitHub Actions' steps, with its files and variables. Steps that use other actions are left out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")
_CACHE_IS_USED = "steps.images.outputs.cache-hit == 'true'"
_CACHE_IS_EMPTY = "steps.images.outputs.cache-hit != 'true'"


@dataclass
class GithubJob:
    """A job in `workspace`; `inputs` are those of an action, `action` the folder with its files."""

    workspace: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    action: Path | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    printed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._temporary = self.workspace / "runner-temp"
        self._temporary.mkdir(exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", self._python], check=True)
        self.path = [str(self._python / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]

    @property
    def _python(self) -> Path:
        """What `actions/setup-python` provides."""
        return self._temporary / "python"

    @property
    def images(self) -> Path:
        """The file that the action keeps in the cache."""
        return self._temporary / "synthlab-images.tar"

    @property
    def results(self) -> Path:
        return self._temporary / "synthlab-results"

    @property
    def summary(self) -> str:
        return self._file("GITHUB_STEP_SUMMARY").read_text()

    def run(self, steps: Sequence[Mapping[str, Any]], *, cached: bool = False) -> int:
        """Run the steps in order until one fails; the last exit status."""
        left_out = _CACHE_IS_EMPTY if cached else _CACHE_IS_USED
        for step in steps:
            if "run" in step and step.get("if") != left_out and (status := self._step(step)):
                return status
        return 0

    def _step(self, step: Mapping[str, Any]) -> int:
        for name in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY"):
            self._file(name).touch()
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace / self._value(step.get("working-directory", ".")),
            env=self._environment(step.get("env", {})),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        self.printed += [done.stdout, done.stderr]
        self.outputs |= dict(line.split("=", 1) for line in self._file("GITHUB_OUTPUT").read_text().splitlines())
        self.path = [*self._file("GITHUB_PATH").read_text().split(), *self.path]
        return done.returncode

    def _environment(self, own: Mapping[str, str]) -> dict[str, str]:
        files = {name: str(self._file(name)) for name in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
        folders = {
            "RUNNER_TEMP": str(self._temporary),
            "GITHUB_ACTION_PATH": str(self.action),
            "PATH": ":".join(self.path),
        }
        given = {name: self._value(value) for name, value in own.items()}
        return {**os.environ, **self.environment, **files, **folders, **given}

    def _value(self, text: str) -> str:
        """The text with inputs filled in; other expressions do not occur where a shell needs them."""
        return _EXPRESSION.sub(lambda found: self.inputs[found[1].removeprefix("inputs.")], text)

    def _file(self, name: str) -> Path:
        return self._temporary / name.lower()
