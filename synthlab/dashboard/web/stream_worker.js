// A shared worker: the streams of a browser, each once, passed on to all its pages. A browser opens few connections to one
// address; with a stream for each page, the seventh page would get none.

import { clientFeed, labFeed } from "./lab_feed.js";

const BEAT_MS = 3000; // from which a page learns that the worker runs
const makers = { lab: labFeed, client: clientFeed };
const feeds = new Map();

self.addEventListener("connect", ({ ports: [port] }) => {
  const ends = new Map();
  let beats;
  port.addEventListener("message", ({ data: { id, kind, url, here } }) => {
    if (here !== undefined) {
      clearInterval(beats);
      beats = here && setInterval(() => port.postMessage([0, "beat"]), BEAT_MS);
    } else if (kind) ends.set(id, feedOf(kind, url).listen((name, event) => port.postMessage([id, name, event])));
    else ends.get(id)?.();
  });
  port.start();
  port.postMessage([0, "beat"]);
});

function feedOf(kind, url) {
  if (!feeds.has(url)) feeds.set(url, makers[kind](url));
  return feeds.get(url);
}
