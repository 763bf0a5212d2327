"""What holds for all tests: an environment that is the same everywhere, and `--issue N` for the proof of one issue."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import ruamel.yaml  # noqa: F401 - pytest forgets a module that is first imported in a pytest within a test

OTHERS = ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "LINES", "SYNTHLAB_LAB", "SYNTHLAB_TTL")
"""Variables of a user's shell or of a CI system that change what commands print or which lab they mean."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--issue", type=int, metavar="N", help="run only the tests marked issue(N)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that prove the issue asked for; all where none is."""
    wanted = config.getoption("--issue")
    if wanted is None:
        return
    kept = [item for item in items if any(wanted in mark.args for mark in item.iter_markers("issue"))]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


@pytest.fixture(autouse=True, scope="session")
def plain_environment() -> Iterator[None]:
    """Keep out what the terminal, the shell or the CI system of whoever runs the tests sets for programs."""
    with pytest.MonkeyPatch.context() as patch:
        for name in OTHERS:
            patch.delenv(name, raising=False)
        patch.setenv("COLUMNS", "80")
        patch.setenv("TERM", "dumb")
        yield
