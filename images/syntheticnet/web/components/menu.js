// A button that opens a small panel; closed by Escape, a click elsewhere, or what is in it.

import { html, useEffect, useRef, useState } from "./html.js";

// `children` is a function that gets `close`. `name` is what a screen reader says, by default the label.
export function Menu({ label, name, title, disabled, wide, children }) {
  const [open, setOpen] = useState(false);
  const holder = useRef(null), opener = useRef(null);
  const close = () => { setOpen(false); opener.current?.focus(); };
  useEffect(() => {
    if (!open) return undefined;
    const outside = ({ target }) => { if (!holder.current.contains(target)) setOpen(false); };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  return html`
    <div class="menu" ref=${holder} onKeyDown=${({ key }) => { if (key === "Escape" && open) close(); }}>
      <button ref=${opener} title=${title} aria-label=${name} disabled=${disabled} aria-expanded=${open ? "true" : "false"} onClick=${() => setOpen(!open)}>${label}<span class="caret" aria-hidden="true"></span></button>
      ${open && html`<div class=${`menu-panel ${wide ? "is-wide" : ""}`}>${children(close)}</div>`}
    </div>`;
}
