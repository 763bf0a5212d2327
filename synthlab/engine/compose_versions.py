"""Which version of Compose knows a key of a Compose file, for one that is too old and calls it a mistake.

The versions are those of Compose's release notes (docs.docker.com/compose/releases/release-notes/) and of the notes
"Requires: Docker Compose ..." in its reference of Compose files (docs.docker.com/reference/compose-file/).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_REFUSED = re.compile(
    r"(?:^|\s)(?P<place>\(root\)|(?:services|networks|volumes|configs|secrets|include)\.\S+)?\s*"
    r"[Aa]dditional propert(?:y (?P<one>\S+) is|ies '(?P<first>[^']+)'.*) not allowed"
)
_VALUE_REFUSED = re.compile(r"(?P<place>services\.\S+\.pull_policy) \S* ?must be one of")

_SINCE: Mapping[str, Mapping[str, str]] = {
    r"\(root\)": {"include": "2.20.3", "models": "2.38.0"},
    r"services\.[^.]+\.build": {
        "additional_contexts": "2.17.0",
        "dockerfile_inline": "2.17.0",
        "entitlements": "2.27.1",
        "privileged": "2.15.0",
        "provenance": "2.39.0",
        "sbom": "2.39.0",
        "ulimits": "2.23.1",
    },
    r"services\.[^.]+\.depends_on\.\S+": {"required": "2.20.2", "restart": "2.17.0"},
    r"services\.[^.]+\.develop\.watch\.\d+": {"include": "2.34.0", "initial_sync": "2.39.4"},
    r"services\.[^.]+\.env_file\.\d+": {"format": "2.30.0", "required": "2.24.0"},
    r"services\.[^.]+\.networks\.\S+": {
        "driver_opts": "2.27.1",
        "gw_priority": "2.33.1",
        "interface_name": "2.36.0",
        "mac_address": "2.23.2",
    },
    r"services\.[^.]+\.volumes\.\d+": {"image": "2.35.0"},
    r"services\.[^.]+": {
        "annotations": "2.26.0",
        "attach": "2.20.0",
        "cgroup": "2.15.0",
        "develop": "2.22.0",
        "gpus": "2.30.0",
        "label_file": "2.32.2",
        "models": "2.38.0",
        "oom_score_adj": "2.14.0",
        "post_start": "2.30.0",
        "pre_stop": "2.30.0",
        "provider": "2.36.0",
        "storage_opt": "2.24.4",
        "use_api_socket": "2.37.2",
        "uts": "2.15.1",
    },
    r"networks\.\S+": {"enable_ipv4": "2.33.1"},
    r"configs\.\S+": {"content": "2.23.1", "environment": "2.23.1"},
}
"""The first version that knows a key, by the place of the mapping that has it."""

_PULL_POLICIES = ("the pull policies daily, weekly and every_...", "2.34.0")


def too_old(problem: str, version: Callable[[], str | None]) -> str | None:
    """What Compose's complaint means if it only needs a newer one: `services.web: gpus needs Compose 2.30.0 or newer`.

    `version` asks for the installed one, in the form `2.26.1-4`.
    """
    if refused := _REFUSED.search(problem):
        place, what = refused["place"] or "(root)", refused["one"] or refused["first"]
        since = next((keys.get(what) for pattern, keys in _SINCE.items() if re.fullmatch(pattern, place)), None)
    elif refused := _VALUE_REFUSED.search(problem):
        place, (what, since) = refused["place"], _PULL_POLICIES
    else:
        return None
    installed = version() if since else None
    if since is None or (installed and _numbers(installed) >= _numbers(since)):
        return None
    needs = "need" if what.startswith("the ") else "needs"
    here = f", and this is {installed}" if installed else ""
    where = "" if place == "(root)" else f"{place}: "
    return f"{where}{what} {needs} Compose {since} or newer{here}: install a newer one"


def _numbers(version: str) -> tuple[int, ...]:
    """`v2.26.1-4` as (2, 26, 1)."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(int(number) for number in found[1].split(".")) if found else ()
