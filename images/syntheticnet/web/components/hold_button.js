// A button that breaks the network while it is held, by pointer or keyboard.

import { html, useEffect, useRef, useState } from "./html.js";

export function HoldButton({ disabled, onPress, onRelease }) {
  const [held, setHeld] = useState(false);
  const hand = useRef({ down: false }).current; // a release may come before the press is drawn
  const press = () => { if (!hand.down) { hand.down = true; setHeld(true); onPress(); } };
  const release = () => { if (hand.down) { hand.down = false; setHeld(false); onRelease(); } };
  useEffect(() => {
    if (!held) return undefined;
    const hidden = () => { if (document.hidden) release(); };
    addEventListener("blur", release);
    addEventListener("pagehide", release);
    document.addEventListener("visibilitychange", hidden);
    return () => {
      removeEventListener("blur", release);
      removeEventListener("pagehide", release);
      document.removeEventListener("visibilitychange", hidden);
    };
  }, [held]);
  const key = (act) => (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) act();
  };
  return html`
    <button class="hold" aria-pressed=${held ? "true" : "false"} disabled=${disabled} title="Nothing passes while you hold it"
      onPointerDown=${(event) => { if (event.button === 0) { event.currentTarget.setPointerCapture(event.pointerId); press(); } }}
      onPointerUp=${release} onPointerCancel=${release} onContextMenu=${(event) => event.preventDefault()}
      onKeyDown=${key(press)} onKeyUp=${key(release)} onBlur=${release}>${held ? "Broken" : "Hold to break"}</button>`;
}
