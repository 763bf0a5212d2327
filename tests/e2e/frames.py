"""When a page shows new frames of another participant, as the browser reports it, independently of the lab."""

from __future__ import annotations

import time
from itertools import pairwise

from playwright.sync_api import BrowserContext, Error, Page, Playwright

from .labs import synthlab

# Wall-clock time (ms) of every new frame of every video but the page's own; video elements may come and go. Frames that
# the page was too busy to be called for are counted at the time of the next one.
_WATCH = """
(() => {
  if (globalThis.shownFrames) return;
  globalThis.shownFrames = [];
  const watched = new WeakSet();
  const watch = (video) => {
    watched.add(video);
    let count = null;
    const seen = (_, { presentedFrames, presentationTime }) => {
      const fresh = count === null ? 1 : presentedFrames - count;
      const at = Date.now() - performance.now() + presentationTime;
      for (let frame = 0; frame < fresh; frame++) shownFrames.push(at);
      count = presentedFrames;
      video.requestVideoFrameCallback(seen);
    };
    video.requestVideoFrameCallback(seen);
  };
  setInterval(() => {
    for (const video of document.querySelectorAll("video")) {
      if (!watched.has(video) && !video.closest(".own")) watch(video);
    }
  }, 20);
})()
"""


class Frames:
    """The frames that the first page of a client shows from now on."""

    def __init__(self, playwright: Playwright, client: str, lab: str) -> None:
        endpoint = synthlab("cdp", client, "--lab", lab).stdout.strip()
        self._browser = playwright.chromium.connect_over_cdp(endpoint)
        self._context.add_init_script(_WATCH)
        self.page.evaluate(_WATCH)
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
        """Fetch the frames shown since the last call; a page that is loading has none."""
        try:
            self.at_s += [at_ms / 1000 for at_ms in self.page.evaluate("globalThis.shownFrames?.splice(0) ?? []")]
        except Error:
            time.sleep(0.02)

    def gaps(self, least_s: float) -> list[tuple[float, float]]:
        """Periods of at least this length without a frame: from the last frame before to the first after."""
        return [(before, after) for before, after in pairwise(self.at_s) if after - before >= least_s]
