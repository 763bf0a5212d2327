// Values in the words of tc-netem and tc-tbf: what a text means is shown, and then set.

import { DIRECTIONS } from "../conditions.js";
import { DIRECTION_WORDS, describeValues } from "../words.js";
import { html, useState } from "./html.js";

const BOTH = "both";
const EXAMPLE = "delay 100ms 20ms loss 1% 25%";

// `translate(text)` promises {text, values, cleared, notes}; `onSet(meant, directions)` promises that they are set.
export function NetemForm({ title, disabled, translate, onSet }) {
  const [text, setText] = useState("");
  const [where, setWhere] = useState(BOTH);
  const [meant, setMeant] = useState(undefined);
  const [failure, setFailure] = useState("");
  const tried = async (act) => {
    try {
      setMeant(await act());
      setFailure("");
    } catch (error) {
      setMeant(undefined);
      setFailure(error.message);
    }
  };
  const translated = (event) => { event.preventDefault(); return tried(() => translate(text)); };
  const set = () => tried(async () => {
    await onSet(meant, where === BOTH ? DIRECTIONS : [where]);
    return meant;
  });
  return html`
    <details class="netem">
      <summary>In the words of tc-netem</summary>
      <form onSubmit=${translated}>
        <input type="text" value=${text} placeholder=${EXAMPLE} aria-label=${`${title} in the words of tc-netem`} autocomplete="off" spellcheck="false" disabled=${disabled}
               aria-invalid=${failure ? "true" : undefined} onInput=${({ target }) => { setText(target.value); setMeant(undefined); setFailure(""); }} />
        <button disabled=${disabled || !text.trim()}>Translate</button>
      </form>
      ${failure && html`<p class="refusal" role="alert">${failure}</p>`}
      ${meant && html`
        <div class="meant" role="status">
          <p><b>${describeValues(meant.values)}</b></p>
          ${meant.notes.length > 0 && html`<ul>${meant.notes.map((note) => html`<li key=${note}>${note}</li>`)}</ul>`}
          <div class="forms">
            <select aria-label=${`Direction of ${title} in the words of tc-netem`} value=${where} onChange=${({ target }) => setWhere(target.value)}>
              <option value=${BOTH}>Both directions</option>
              ${DIRECTIONS.map((direction) => html`<option key=${direction} value=${direction}>${DIRECTION_WORDS[direction]}</option>`)}
            </select>
            <button class="primary" disabled=${disabled} onClick=${set}>Set</button>
          </div>
        </div>`}
    </details>`;
}
