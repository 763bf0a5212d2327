// The log of a container, or the console of its pages: the newest line last, read again while it is shown.

import { html, useEffect, useLayoutEffect, useRef, useState } from "./shared.js";

const EVERY_MS = 2000;
const MOST_LINES = 1000;

// `ask()` returns all lines.
export function LinesPanel({ label, ask }) {
  const [lines, setLines] = useState(undefined);
  const [failure, setFailure] = useState("");
  const [text, setText] = useState("");
  const holder = useRef(null), atEnd = useRef(true);
  useEffect(() => {
    let timer, ended = false;
    const turn = async () => {
      try {
        const { lines: found } = await ask();
        if (!ended) { setLines(found); setFailure(""); }
      } catch (error) {
        if (!ended) setFailure(error.message);
      }
      if (!ended) timer = setTimeout(turn, EVERY_MS);
    };
    turn();
    return () => { ended = true; clearTimeout(timer); };
  }, [label]);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = (lines ?? []).filter((line) => words.every((word) => line.text.toLowerCase().includes(word))).slice(-MOST_LINES);
  useLayoutEffect(() => { if (atEnd.current) holder.current.scrollTop = holder.current.scrollHeight; });
  return html`
    <div class="drawer-body lines">
      <div class="filters"><input type="search" placeholder="only lines with ..." aria-label="Filter lines" value=${text} onInput=${({ target }) => setText(target.value)} /></div>
      ${failure && html`<p class="refusal" role="alert">${failure}</p>`}
      <div class="lines-box" ref=${holder} tabindex="0" role="log" aria-label=${label}
        onScroll=${({ target }) => { atEnd.current = target.scrollTop + target.clientHeight > target.scrollHeight - 8; }}>
        ${shown.map((line, index) => html`<p key=${index}><time>${line.time.slice(11, 19)}</time> ${line.text}</p>`)}
        ${lines && shown.length === 0 && html`<p class="note">${lines.length ? "No line has these words." : "No lines."}</p>`}
      </div>
    </div>`;
}
