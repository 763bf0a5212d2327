// A shared worker: the streams of a browser, each once, passed on to all its pages. A browser opens few connections to one
// address; with a stream for each page, the seventh page would get none.

import { clientFeed, labFeed } from "./lab_feed.js";

const makers = { lab: labFeed, client: clientFeed };
const feeds = new Map();

self.addEventListener("connect", ({ ports: [port] }) => {
  const ends = new Map();
  port.addEventListener("message", ({ data: { id, kind, url } }) => {
    if (kind) ends.set(id, feedOf(kind, url).listen((name, event) => port.postMessage([id, name, event])));
    else ends.get(id)?.();
  });
  port.start();
});

function feedOf(kind, url) {
  if (!feeds.has(url)) feeds.set(url, makers[kind](url));
  return feeds.get(url);
}
