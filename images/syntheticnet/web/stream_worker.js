// A shared worker: the one stream of events of a browser, passed on to all its pages. A browser opens few connections
// to one address; with a stream for each page, the seventh page would get none.

import { Feed } from "./feed.js";

const feed = new Feed("/v1/events");

self.addEventListener("connect", ({ ports: [port] }) => {
  let end = () => {};
  port.addEventListener("message", ({ data }) => {
    end();
    end = data === "listen" ? feed.listen((name, event) => port.postMessage([name, event])) : () => {};
  });
  port.start();
});
