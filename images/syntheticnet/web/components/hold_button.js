// A button that breaks the network while it is held, by pointer or keyboard.

import { html, useEffect, useState } from "./html.js";

export function HoldButton({ disabled, onPress, onRelease }) {
  const [held, setHeld] = useState(false);
  const press = () => { if (!held) { setHeld(true); onPress(); } };
  const release = () => { if (held) { setHeld(false); onRelease(); } };
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
