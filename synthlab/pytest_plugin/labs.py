"""The labs of one pytest run: each is brought up when a test first needs it, and taken down at the end."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from ..control.backend import Backend, make_backend
from ..control.group_change import Reachable, each
from ..control.state import ClientState
from ..errors import SynthlabError
from ..interrupts import uninterrupted
from ..lab.lab import Lab
from ..runner.evidence import Evidence
from ..stack import read_stack
from .kept import FailedTest, KeptEvidence, keep
from .run import PytestRun
from .watched import WatchedLab

SEED_BITS = 32
BY = "pytest"
"""Who makes the changes, in the clients' history."""
_PLAIN = re.compile(r"[^\w.-]+")


@dataclass(slots=True)
class Used:
    """A lab used by one test after another."""

    lab: WatchedLab
    evidence: Evidence
    run: PytestRun

    def begin(self) -> None:
        """Reseed before each test, so that its draws do not depend on earlier tests. Raises SynthlabError."""

        def draw(client: Reachable) -> ClientState:
            seed = Random(f"{self.run.seed}/{client.name}").getrandbits(SEED_BITS)
            return client.api.change({"seed": seed})

        each(self.lab.find(), draw)
        self.lab.begin()

    def keep(self, folder: str, id: str, test: FailedTest) -> KeptEvidence:
        """Keep evidence of a failed test in a subfolder named after its `id`."""
        return keep(test, self.lab, self.evidence, Path(folder) / _PLAIN.sub("-", id).strip("-"))


@dataclass(slots=True)
class Labs:
    """All labs of this process. `given` are options of `Lab.up`, such as `ttl`. Tests replace `up` and `watch`."""

    run: PytestRun
    given: Mapping[str, str | None]
    backend: Backend = field(default_factory=lambda: make_backend(BY))
    up: Callable[..., Lab] = Lab.up
    watch: Callable[[Backend, str], Evidence] = Evidence
    _used: dict[tuple[str, str | None], Used] = field(default_factory=dict)

    def attached(self, name: str) -> Used:
        """A lab that is already running, and is left running. Raises SynthlabError."""
        key = "", name
        if key not in self._used:
            self._used[key] = self._use(Lab.attach(name, self.backend))
        return self._used[key]

    def of(self, stack: str, folder: Path, name: str | None = None) -> Used:
        """The lab of a stack: a file relative to `folder`, or what `Lab.up` accepts. Raises SynthlabError."""
        path = folder / stack
        source = str(path) if path.is_file() else stack
        key = source, name
        if key not in self._used:
            lab_name = self.run.lab_name(name or read_stack(source, compose=self.backend.engine.compose_config).name)
            self._used[key] = self._use(self.up(source, lab_name, **self.given, backend=self.backend))
        return self._used[key]

    def end(self) -> None:
        """Take down every lab that was brought up, even if one fails; may be called again."""
        with uninterrupted():
            while self._used:
                # Out of the table first: this is called again, and a lab that cannot be removed is not tried twice.
                _, used = self._used.popitem()
                with contextlib.suppress(SynthlabError):
                    used.evidence.close()
                with contextlib.suppress(SynthlabError):
                    used.lab.__exit__(None, None, None)
            self.backend.close()

    def _use(self, lab: Lab) -> Used:
        evidence = self.watch(self.backend, lab.name)
        evidence.watch(client.name for client in lab.clients)
        return Used(WatchedLab.of(lab), evidence, self.run)


def remove_left(run: PytestRun) -> None:
    """Remove the labs of killed workers; if the engine does not answer, they expire."""
    backend = make_backend(BY)
    with uninterrupted(), contextlib.suppress(SynthlabError):
        for name in backend.engine.labs():
            if run.is_of_worker(name):
                backend.engine.remove_lab(name)
    backend.close()
