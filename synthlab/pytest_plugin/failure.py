"""Adds evidence to pytest's report of a failed test, and keeps our own frames out of its traceback."""

from __future__ import annotations

from importlib import import_module
from types import TracebackType

import pytest

from ..errors import SynthlabError, WrongUse
from .journal import PACKAGE
from .kept import FailedTest, KeptEvidence
from .labs import Used
from .run import PytestRun

_ALLURE_KINDS = {"html": "HTML", "json": "JSON", "log": "TEXT", "png": "PNG", "txt": "TEXT"}
"""Allure's attachment types, by file suffix; only those that a browser can show."""

Raised = pytest.ExceptionInfo[BaseException]


def is_mistake(error: BaseException) -> bool:
    """Whether the test itself is wrong, such as a misspelt name: evidence of the lab would not help."""
    return isinstance(error, WrongUse)


def hide_library(raised: Raised) -> None:
    """Cut the traceback of a SynthlabError so that it ends in the user's code."""
    if not isinstance(raised.value, SynthlabError):
        return
    at: TracebackType | None = raised.tb
    while at and at.tb_next:
        if at.tb_next.tb_frame.f_code.co_filename.startswith(PACKAGE):
            at.tb_next = None
        at = at.tb_next
    raised.traceback = raised.traceback.cut()


def keep_failure(item: pytest.Item, raised: Raised, report: pytest.TestReport, used: Used, run: PytestRun) -> None:
    """Write evidence and report page; list them in pytest's report and JUnit properties, and attach them to Allure."""
    reason = raised.exconly(tryshort=True).splitlines()[0]
    file = item.nodeid.partition("::")[0]
    test = FailedTest(name=item.name, file=file, seed=run.seed, reason=reason, error=raised.value)
    kept = used.keep(item.config.getoption("--synthlab-evidence"), item.nodeid, test)
    report.sections.append(("synthlab", "\n".join([run.seed_line, *kept.lines])))
    item.user_properties += kept.properties
    if item.config.pluginmanager.has_plugin("allure_listener"):
        _attach(kept)


def _attach(kept: KeptEvidence) -> None:
    """Attach the files to the current test in Allure's report."""
    allure = import_module("allure")
    files = ({"report": kept.report} if kept.report else {}) | kept.files
    for shows, path in files.items():
        ending = path.suffix.removeprefix(".")
        kind = getattr(allure.attachment_type, _ALLURE_KINDS.get(ending, ""), None)
        allure.attach.file(str(path), name=shows, attachment_type=kind, extension=ending)
