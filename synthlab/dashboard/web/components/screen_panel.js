// The screen of a client, with mouse and keyboard, by noVNC.

import { html, useEffect, useRef, useState } from "./shared.js";

export function ScreenPanel({ name, address }) {
  const holder = useRef(null);
  const [words, setWords] = useState("Connecting ...");
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let ended = false, screen;
    const failed = () => setWords("The screen cannot be reached");
    setWords("Connecting ...");
    Promise.all([import("../vendor/novnc/core/rfb.js"), import("../vendor/novnc/core/util/logging.js")]).then(([{ default: RFB }, { initLogging }]) => {
      if (ended) return;
      initLogging("none"); // it reports what still arrives after the end; what went wrong is said here
      screen = new RFB(holder.current, new URL(address, location.href.replace(/^http/, "ws")).href, { shared: true, wsProtocols: ["binary"] });
      Object.assign(screen, { scaleViewport: true, background: "transparent" });
      screen.addEventListener("connect", () => setWords(""));
      screen.addEventListener("disconnect", () => { if (!ended) failed(); });
    }).catch(failed);
    return () => { ended = true; screen?.disconnect(); };
  }, [address, turn]);
  return html`
    <div class="drawer-body">
      ${words && html`<p class="note" role="status">${words} ${words.startsWith("The") && html`<button onClick=${() => setTurn(turn + 1)}>Try again</button>`}</p>`}
      <div class="screen" ref=${holder} role="group" aria-label=${`Screen of ${name}`}></div>
    </div>`;
}
