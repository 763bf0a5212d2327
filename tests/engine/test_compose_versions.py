"""Which version of Compose a key needs that an older one refuses."""

from __future__ import annotations

import pytest

from synthlab.engine.compose_versions import too_old

pytestmark = pytest.mark.issue(13)


def hint(problem: str, installed: str | None = "2.10.0") -> str | None:
    return too_old(problem, lambda: installed)


@pytest.mark.parametrize(
    ("problem", "means"),
    [
        ("validating /a b/c.yaml: services.web Additional property gpus is not allowed", "services.web: gpus 2.30.0"),
        ("validating c.yaml: services.web additional properties 'gpus' not allowed", "services.web: gpus 2.30.0"),
        ("validating c.yaml: services.web additional properties 'gpus', 'x' not allowed", "services.web: gpus 2.30.0"),
        ("services.web.build Additional property sbom is not allowed", "services.web.build: sbom 2.39.0"),
        ("(root) Additional property include is not allowed", "include 2.20.3"),
        ("validating c.yaml:  additional properties 'models' not allowed", "models 2.38.0"),
        ("configs.site Additional property content is not allowed", "configs.site: content 2.23.1"),
        (
            "services.a.depends_on.b Additional property required is not allowed",
            "services.a.depends_on.b: required 2.20.2",
        ),
        (
            "services.a.networks.n Additional property interface_name is not allowed",
            "services.a.networks.n: interface_name 2.36.0",
        ),
        ("services.a.env_file.0 Additional property format is not allowed", "services.a.env_file.0: format 2.30.0"),
    ],
)
def test_keys(problem: str, means: str) -> None:
    """The place, the key and the version, whichever words this Compose has for it."""
    what, _, since = means.rpartition(" ")
    assert hint(problem) == f"{what} needs Compose {since} or newer, and this is 2.10.0: install a newer one"


def test_values() -> None:
    """A pull policy that came later is no key, but Compose lists the ones it knows."""
    place = "services.web.pull_policy"
    found = hint(f'validating c.yaml: {place} {place} must be one of the following: "always", "never"')
    assert found
    assert found.startswith(f"{place}: the pull policies daily, weekly and every_... need Compose 2.34.0")


@pytest.mark.parametrize(
    "problem",
    [
        "services.web Additional property gpu is not allowed",
        "services.web.gpus Additional property content is not allowed",
        "services.web Additional property dockerfile_inline is not allowed",
        "networks.n Additional property gpus is not allowed",
        "yaml: line 3: mapping values are not allowed in this context",
    ],
)
def test_mistakes(problem: str) -> None:
    """What no Compose knows, or not there, is a mistake."""
    assert hint(problem) is None


def test_the_installed_version() -> None:
    """One that is new enough has another reason; one that does not say its version is not named."""
    problem = "services.web Additional property gpus is not allowed"
    for new in ("2.30.0", "v2.30.1", "2.39.4-desktop.1", "5.0.1"):
        assert hint(problem, new) is None
    assert hint(problem, "2.29.7+ds1-0ubuntu1")
    assert hint(problem, None) == "services.web: gpus needs Compose 2.30.0 or newer: install a newer one"
