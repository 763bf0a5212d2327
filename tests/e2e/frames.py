"""When frames of another participant reach a page, as its video elements report it, independently of the lab."""

from __future__ import annotations

import time
from itertools import pairwise

from playwright.sync_api import BrowserContext, Error, Page, Playwright

from .labs import synthlab

SHOWN = """
  const watch = (video) => {
    let count = null;
    const seen = (_, { presentedFrames, presentationTime }) => {
      const fresh = count === null ? 1 : presentedFrames - count;
      const at = Date.now() - performance.now() + presentationTime;
      note(at, fresh);
      count = presentedFrames;
      video.requestVideoFrameCallback(seen);
    };
    video.requestVideoFrameCallback(seen);
  };
"""
"""Frames that were drawn, when they were. Those that the page was too busy to be called for count with the next one."""

ARRIVED = """
  const watch = (video) => {
    let count = video.getVideoPlaybackQuality().totalVideoFrames;
    setInterval(() => {
      const total = video.getVideoPlaybackQuality().totalVideoFrames;
      note(Date.now(), total - count);
      count = total;
    }, 10);
  };
"""
"""Frames that were decoded for the page, drawn or replaced before that, at most 10 ms late."""

_WATCHER = """
(() => {
  if (globalThis.framesSeen) return;
  globalThis.framesSeen = [];
  const note = (at, count) => framesSeen.push(...Array(count).fill(at));
  %s
  const watched = new WeakSet();
  setInterval(() => {
    for (const video of document.querySelectorAll("video")) {
      if (watched.has(video) || video.closest(".own")) continue;
      watched.add(video);
      watch(video);
    }
  }, 20);
})()
"""
"""Notes the wall-clock time (ms) of each frame of every video but the page's own; video elements may come and go."""


class Frames:
    """The frames that reach the first page of a client from now on: those SHOWN, or all that ARRIVED."""

    def __init__(self, playwright: Playwright, client: str, lab: str, which: str = SHOWN) -> None:
        endpoint = synthlab("cdp", client, "--lab", lab).stdout.strip()
        self._browser = playwright.chromium.connect_over_cdp(endpoint)
        watcher = _WATCHER % which
        self._context.add_init_script(watcher)
        self.page.evaluate(watcher)
        self.at_s: list[float] = []

    @property
    def _context(self) -> BrowserContext:
        return self._browser.contexts[0]

    @property
    def page(self) -> Page:
        return self._context.pages[0]

    def close(self) -> None:
        self._browser.close()

    def collect(self) -> None:
        """Fetch the frames since the last call; a page that is loading has none."""
        try:
            self.at_s += [at_ms / 1000 for at_ms in self.page.evaluate("globalThis.framesSeen?.splice(0) ?? []")]
        except Error:
            time.sleep(0.02)

    def gaps(self, least_s: float) -> list[tuple[float, float]]:
        """Periods of at least this length without a frame: from the last frame before to the first after."""
        return [(before, after) for before, after in pairwise(self.at_s) if after - before >= least_s]
