"""The named volumes of a user's Compose project: kept as by Compose, and never those of others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthlab.deploy.claim import take_down
from synthlab.deploy.launch import launch, launched
from synthlab.errors import SynthlabError
from synthlab.testing import FakeEngine, fake_container

from ..stack.compose_projects import project

pytestmark = pytest.mark.issue(13)


def test_they_remain_unless_asked() -> None:
    engine = FakeEngine([fake_container("acme", "web")])
    engine.volumes = {"synthlab-acme_site", "other_site"}
    take_down("acme", engine)
    assert engine.volumes == {"synthlab-acme_site", "other_site"}
    take_down("acme", engine, volumes=True)
    assert engine.volumes == {"other_site"}


def test_of_a_fixed_project() -> None:
    """A project that the user has named is known by its containers."""
    engine = FakeEngine([replace(fake_container("mine", "web"))])
    engine.projects = {"mine": "mine", "synthlab-mine": "mine"}
    engine.volumes = {"mine_site"}
    take_down("mine", engine, volumes=True)
    assert engine.volumes == set()


def test_a_failed_up_removes_only_what_it_made() -> None:
    """Volumes that were there before an `up` that fails remain; those that it made go."""

    class Failing(FakeEngine):
        def compose_up(self, *arguments: object) -> None:
            self.volumes.add("synthlab-acme_new")
            raise SynthlabError("no")

    engine = Failing()
    engine.volumes = {"synthlab-acme_old"}
    with pytest.raises(SynthlabError, match="no"):
        launch(project({"web": {"image": "x", "networks": {"default": None}}}, "web"), engine, lambda line: None, 1)
    assert engine.volumes == {"synthlab-acme_old"}


def test_a_lab_for_one_run_removes_what_it_made() -> None:
    """A lab that lives for one scenario or suite takes its new volumes with it; older ones remain."""

    class Making(FakeEngine):
        def compose_up(self, *arguments: object) -> None:
            self.volumes.add("synthlab-acme_new")
            super().compose_up(*arguments)  # type: ignore[arg-type]

    engine = Making()
    engine.volumes = {"synthlab-acme_old"}
    with launched(project({"web": {"image": "x", "networks": {"default": None}}}, "web"), engine, lambda line: None, 1):
        assert engine.volumes == {"synthlab-acme_old", "synthlab-acme_new"}
    assert engine.volumes == {"synthlab-acme_old"}
