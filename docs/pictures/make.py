"""Makes the pictures of README and docs from a real run: `make pictures`. Has the requirements of `make test`.

Starts a call, runs the scenario dog-chews-fiber, and takes screenshots of the report, of client2's control page and of
the dashboard with a Chromium in a separate container on the host's network.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Error, Page, sync_playwright

from synthlab import Lab
from synthlab.deploy.images import versioned

HERE = Path(__file__).resolve().parent
LAB, VIEWER = "pictures", "synthlab-pictures-viewer"
PORT = 9333
WIDTH, HEIGHT, LOW = 1200, 900, 780
GOOD_MS, BAD_MS = 45_000, 25_000
"""How long the lines of the dashboard show a good call, and then one that a change has spoilt."""
SHOT_MS = 3000
COLOURS = 128
"""Few enough for small files, enough for charts and text."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Lab.up("call.yaml", LAB, wait_media=True, progress=print) as lab:
        report = Path(folder) / "report.html"
        command = [str(Path(sys.executable).with_name("synthlab")), "scenario", "run", "dog-chews-fiber", "--lab", LAB]
        subprocess.run([*command, "--report", str(report)], check=True)
        with viewer(report) as browser, dashboard() as address:
            save(shot(browser, "file:///report.html"), "report.png")
            whole = opened(browser, address, LOW)
            whole.wait_for_timeout(GOOD_MS)
            one = opened(browser, lab["client2"].api_url)
            lab["client2"].set(egress={"rate": "100kbit", "latency": "80ms", "loss": "2%"})
            whole.bring_to_front()
            whole.wait_for_timeout(BAD_MS)
            save(whole.screenshot(), "dashboard.png")
            one.bring_to_front()
            one.wait_for_timeout(GOOD_MS)
            save(one.screenshot(), "control-page.png")


@contextmanager
def viewer(report: Path) -> Iterator[Browser]:
    """A headless Chromium that sees the host's ports and the report."""
    flags = ("--headless", "--no-sandbox", "--disable-gpu", f"--remote-debugging-port={PORT}", "about:blank")
    run = ("create", "--init", "--name", VIEWER, "--network", "host", "--entrypoint", "chromium")
    docker(*run, versioned("synthlab/chrome"), *flags)
    try:
        docker("cp", str(report), f"{VIEWER}:/report.html")
        docker("start", VIEWER)
        with sync_playwright() as playwright:
            for _ in range(50):
                try:
                    browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{PORT}")
                    break
                except Error:
                    time.sleep(0.2)
            yield browser
    finally:
        docker("rm", "--force", VIEWER)


@contextmanager
def dashboard() -> Iterator[str]:
    """A server of the dashboard; its address, with the token."""
    command = [str(Path(sys.executable).with_name("synthlab")), "dashboard", "--no-browser", "--stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin
        assert server.stdout
        yield server.stdout.readline().strip()
        server.stdin.close()


def opened(browser: Browser, url: str, height: int = HEIGHT) -> Page:
    page = browser.contexts[0].new_page()
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.goto(url)
    return page


def shot(browser: Browser, url: str) -> bytes:
    page = opened(browser, url)
    page.wait_for_timeout(SHOT_MS)
    return page.screenshot()


def save(png: bytes, name: str) -> None:
    """Save with a palette, which reduces the file to a third."""
    file = HERE / name
    Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS).save(file, optimize=True)
    print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB")


def docker(*arguments: str) -> None:
    subprocess.run(["docker", *arguments], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
