// Adds a flow by its expression, which the client checks while it is typed.

import { html, useEffect, useRef, useState } from "./html.js";

const PAUSE_MS = 150;
const EXAMPLES = "*:udp   sfu:rtp,pt=96   *:tcp:443   10.0.0.2";
const SHADOWED = "never matches";

// `onCheck(match, first)` and `onAdd(match, first)` return promises. `start` is {match, note} to begin with; a new
// object starts again.
export function AddFlow({ start, disabled, onCheck, onAdd, onCancel }) {
  const [match, setMatch] = useState(start?.match ?? "");
  const [checked, setChecked] = useState({ match: "", failure: "" });
  const field = useRef(null);
  useEffect(() => {
    if (!start) return;
    setMatch(start.match);
    field.current.focus();
  }, [start]);
  useEffect(() => {
    const wanted = match.trim();
    if (!wanted) { setChecked({ match: "", failure: "" }); return undefined; }
    let current = true;
    const timer = setTimeout(async () => {
      const failure = await failureOf(() => onCheck(wanted, false));
      const first = failure.includes(SHADOWED) && (await failureOf(() => onCheck(wanted, true))) === "";
      if (current) setChecked({ match: wanted, failure, first });
    }, PAUSE_MS);
    return () => { current = false; clearTimeout(timer); };
  }, [match]);
  const add = async (first) => {
    const failure = await failureOf(() => onAdd(match.trim(), first));
    if (failure) setChecked({ match: match.trim(), failure });
    else setMatch((typed) => (typed === match ? "" : typed)); // it may be the beginning of the next one
  };
  const { failure, first } = checked.match === match.trim() ? checked : {};
  return html`
    <form class="add-flow" onSubmit=${(event) => { event.preventDefault(); if (match.trim()) add(false); }}>
      <label for="flow-expression">Add flow</label>
      <input id="flow-expression" ref=${field} type="text" autocomplete="off" spellcheck=${false} disabled=${disabled} placeholder=${EXAMPLES}
        value=${match} aria-invalid=${failure ? "true" : undefined} aria-describedby="flow-verdict" onInput=${({ target }) => setMatch(target.value)} />
      <button disabled=${disabled || !match.trim() || Boolean(failure)}>Add</button>
      ${first && html`<button type="button" disabled=${disabled} onClick=${() => add(true)}>Add before the others</button>`}
      ${start && html`<button type="button" onClick=${() => { setMatch(""); onCancel(); }}>Cancel</button>`}
      <p id="flow-verdict" role="status" class=${failure ? "refusal" : "note"}>${failure || start?.note ||
        (match.trim() && failure === "" ? "Valid. Its packets get values of their own; what it does not set, it shares with all traffic." : "")}</p>
    </form>`;
}

async function failureOf(act) {
  try {
    await act();
    return "";
  } catch (error) {
    return error.message;
  }
}
