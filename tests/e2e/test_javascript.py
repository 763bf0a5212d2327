"""The npm packages as users install them, against a real container and a real lab."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synthlab.contract import SYNTHETICNET
from synthlab.deploy.images import in_build_order
from synthlab.engine.swarm_engine import SwarmEngine as Engine
from tests.javascript.node import PACKAGES, ROOT, compiles, succeeds
from tests.report.pages import Page

from .labs import SYNTHLAB, docker

pytestmark = [pytest.mark.docker, pytest.mark.issue(12), pytest.mark.timeout(600)]

HERE = Path(__file__).parent / "javascript"
NAME = "e2e-javascript"
SENDER = """\
import socket, time
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    sender.sendto(b"x" * 100, ("192.0.2.1", 5000))
    time.sleep(0.02)
"""
ENVIRONMENT = os.environ | {"SYNTHLAB_BIN": SYNTHLAB, "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has installed both packages from their tarballs."""
    folder = tmp_path_factory.mktemp("javascript") / "project"
    shutil.copytree(HERE, folder)
    tarballs = [_pack(package, folder) for package in PACKAGES]
    wanted = json.loads((ROOT / "javascript" / "package.json").read_text())["devDependencies"]
    others = [f"{name}@{wanted[name]}" for name in ("@playwright/test", "@types/node")]
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    quiet = ("--no-audit", "--no-fund", "--prefer-offline", "--silent")
    succeeds("npm", "install", *quiet, *tarballs, *others, cwd=folder, env=ENVIRONMENT)
    return folder


def _pack(package: Path, folder: Path) -> str:
    """Its tarball, as it would be published."""
    packed = succeeds("npm", "pack", "--json", "--pack-destination", folder, cwd=package)
    return f"./{json.loads(packed)[0]['filename']}"


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    """The API's port of a container whose application sends 50 datagrams per second."""
    from synthlab.deploy.image_steps import ensure_built

    ensure_built(in_build_order([SYNTHETICNET]), Engine(), print)
    rights = ("--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW", "--publish", "127.0.0.1::80")
    command = ("/opt/synthlab/bin/python", "-c", SENDER)
    docker("run", "--rm", "--detach", "--name", NAME, *rights, SYNTHETICNET, *command)
    try:
        deadline = time.monotonic() + 30
        while docker("inspect", "-f", "{{.State.Health.Status}}", NAME).strip() != "healthy":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield docker("port", NAME, "80").strip().rpartition(":")[2]
    finally:
        docker("rm", "--force", NAME)


def test_the_types_of_installed_packages(project: Path) -> None:
    """TypeScript finds them, and a test for Playwright compiles."""
    options = {
        "strict": True,
        "noEmit": True,
        "module": "NodeNext",
        "target": "ES2022",
        "types": ["node"],
        "skipLibCheck": True,
    }
    (project / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["*.ts"]}))
    compiles(project)


def test_no_other_package_comes_with_them(project: Path) -> None:
    """No browser, and no package but the two, Playwright's and the types of Node."""
    installed = json.loads((project / "node_modules" / ".package-lock.json").read_text())["packages"]
    names = {name.removeprefix("node_modules/") for name, about in installed.items() if not about.get("optional")}
    others = {"playwright", "playwright-core", "@types/node", "undici-types"}
    assert names == {"synthlab", "@synthlab/playwright", "@playwright/test", *others}


def test_a_script_of_synthetic_network(project: Path, port: str) -> None:
    """The whole cycle: only the line that loads the class differs."""
    succeeds("node", "cycle.cjs", port, cwd=project)


def test_one_client(project: Path, port: str) -> None:
    """Changes, leases, profiles, flows, live traffic and events."""
    succeeds("node", "client.mjs", port, cwd=project, env=ENVIRONMENT)


@pytest.mark.soak
def test_two_browsers(project: Path) -> None:
    """Video stops and recovers; a failure has conditions, statistics and pictures; the lab is gone at the end."""
    tests = _played(project)
    assert {title: result["status"] for title, result in tests.items()} == {
        "video stops and recovers": "passed",
        "conditions are those of the stack again": "passed",
        "evidence of a failure": "failed",
    }, tests
    failed = tests["evidence of a failure"]
    assert "alice.video.bob: expect fps >= 500: not so within 1000ms: fps " in failed["error"]["message"]
    kept = {one["name"] for one in failed["attachments"]}
    wanted = ("report.html", "states.json", "stats.json", "logs.txt", "console.txt", "alice.png", "bob.png")
    assert {f"synthlab-{name}" for name in wanted} <= kept
    assert "synthlab-problems.txt" not in kept
    page = Page.of(_attached(failed, "synthlab-report.html"))
    assert "alice.video.bob.fps was" in page.text
    assert "it had to be >= 500 fps within 1s." in page.text
    assert any(line["look"] == "limit" for line in page.data["data1"]["charts"]["judged0"]["lines"])
    assert [tag for tag, _ in page.elements if tag == "image"]
    assert "synthlab-js-" not in docker("ps", "--all", "--format", "{{.Names}}")


def _attached(result: dict[str, Any], name: str) -> str:
    """What is attached to a test under this name."""
    [one] = [one for one in result["attachments"] if one["name"] == name]
    return base64.b64decode(one["body"]).decode() if "body" in one else Path(one["path"]).read_text()


def _played(project: Path) -> dict[str, dict[str, Any]]:
    """The result of each test, by its title."""
    command = ["node", "node_modules/@playwright/test/cli.js", "test"]
    done = subprocess.run(command, cwd=project, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    results = project / "results.json"
    assert results.exists(), done.stdout + done.stderr
    (suite,) = json.loads(results.read_text())["suites"]
    return {spec["title"]: spec["tests"][0]["results"][0] for spec in suite["specs"]}
