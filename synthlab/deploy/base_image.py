"""The base image of all others: pulled from a registry, or built from Debian packages when no registry answers."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from ..contract import BASE
from ..engine.api import EngineApi
from ..engine.process import run_program
from ..errors import SynthlabError
from ..text.progress import Progress

PULL_TIMEOUT_S = 120
RELEASE = "bookworm"
# The official image omits these too: nobody reads manuals in a container.
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")


def ensure_base_image(engine: EngineApi, progress: Progress) -> None:
    """Pull or build the base image if the engine lacks it; raises SynthlabError with the next step if neither works."""
    if engine.image(BASE):
        return
    progress(f"pulling {BASE}")
    if engine.pull_image(BASE, PULL_TIMEOUT_S).status == 0:
        return
    if not _is_debian_root():
        raise SynthlabError(
            f"{BASE} cannot be pulled: no registry answers. Load it from a machine that has it "
            f"(docker save {BASE} | ssh HOST docker load), or run synthlab once as root on Debian, which builds it"
        )
    progress(f"no registry answers: building {BASE} from Debian's packages")
    _ensure_mmdebstrap()
    _import_from_packages(engine)


def _is_debian_root() -> bool:
    return platform.system() == "Linux" and os.geteuid() == 0 and Path("/etc/debian_version").is_file()


def _ensure_mmdebstrap() -> None:
    if shutil.which("mmdebstrap"):
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run_program(["apt-get", "update", "-qq"], environment=quiet)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "mmdebstrap"]
    finished = run_program(install, environment=quiet)
    if finished.status != 0:
        raise SynthlabError("mmdebstrap could not be installed to build the base image", finished.tail)


def _import_from_packages(engine: EngineApi) -> None:
    with TemporaryDirectory(prefix="synthlab-base-") as folder:
        archive = Path(folder) / "base.tar"
        finished = run_program(debootstrap_command(str(archive)))
        if finished.status == 0:
            finished = engine.import_image(archive, BASE)
        if finished.status != 0:
            raise SynthlabError(f"{BASE} could not be built from Debian's packages", finished.tail)


def debootstrap_command(archive: str) -> list[str]:
    """The command that writes a minimal Debian root file system to a tar archive."""
    options = [f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT]
    # Licences must stay with the packages, so the official image keeps them too. dpkg obeys the last rule that matches.
    options.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
    return ["mmdebstrap", "--variant=minbase", *options, RELEASE, archive]
