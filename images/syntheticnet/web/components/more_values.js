// All other values of a panel, in groups: one row for each value, one column for each direction.

import { DIRECTION_WORDS, conditionWords, describeHelp, grouped } from "../words.js";
import { DIRECTIONS, MAIN } from "../conditions.js";
import { html, useState } from "./html.js";

// `links` and `below` are values by direction, `below` those of all traffic for a flow; `onValue(direction, name, text)` and `onUpload(direction, name, file)`
// return promises. An empty text clears a value.
export function MoreValues({ schema, links, below, title, disabled, onValue, onUpload }) {
  return html`
    <div class="more">
      <p class="more-row soft"><span></span>${DIRECTIONS.map((direction) => html`<span key=${direction}>${DIRECTION_WORDS[direction]}</span>`)}</p>
      ${grouped(schema, MAIN).map(([group, conditions]) => html`
        <fieldset key=${group}>
          <legend>${group}</legend>
          ${conditions.map((condition) => html`
            <div class="more-row" key=${condition.name} title=${describeHelp(condition)}>
              <span class="more-name">${conditionWords(condition.name)}</span>
              ${DIRECTIONS.map((direction) => html`
                <${MoreValue} key=${direction} condition=${condition} value=${links[direction][condition.name]} below=${below?.[direction][condition.name]}
                  label=${`${title} ${DIRECTION_WORDS[direction]} ${conditionWords(condition.name)}`} disabled=${disabled}
                  onValue=${(text) => onValue(direction, condition.name, text)}
                  onUpload=${(file) => onUpload(direction, condition.name, file)} />`)}
              <span class="more-help">${describeHelp(condition)}</span>
            </div>`)}
        </fieldset>`)}
    </div>`;
}

function MoreValue({ condition, value, below, label, disabled, onValue, onUpload }) {
  const [typed, setTyped] = useState(undefined);
  const [failure, setFailure] = useState("");
  const tried = async (act) => {
    try {
      await act();
      setFailure("");
      setTyped(undefined);
    } catch (error) {
      setFailure(error.message);
    }
  };
  const shown = typed ?? (value === undefined ? "" : String(value));
  const choices = condition.kind === "switch" ? ["true", "false"] : condition.choices;
  const common = { "aria-label": label, disabled, class: value === undefined ? "" : "is-set", "aria-invalid": failure ? "true" : undefined };
  const send = (text) => { setTyped(text); return tried(() => onValue(text.trim())); };
  return html`
    <span class="more-value">
      ${choices
        ? html`<select ...${common} value=${shown} onChange=${({ target }) => send(target.value)}>
            ${["", ...choices].map((choice) => html`<option key=${choice} value=${choice}>${choice || "–"}</option>`)}</select>`
        : html`<input ...${common} type="text" autocomplete="off" placeholder=${below === undefined ? `e.g. ${condition.example}` : `${below}, as all traffic`} value=${shown}
            list=${condition.kind === "file" ? "uploaded-files" : undefined}
            onInput=${({ target }) => setTyped(target.value)}
            onChange=${({ target }) => send(target.value)}
            onKeyDown=${({ key }) => { if (key === "Escape") { setTyped(undefined); setFailure(""); } }} />`}
      ${condition.kind === "file" && html`
        <label class=${`upload ${disabled ? "is-disabled" : ""}`}>Upload<input type="file" class="hidden" aria-label=${`Upload a file for ${label}`} disabled=${disabled}
          onChange=${({ target }) => { const [file] = target.files; target.value = ""; if (file) tried(() => onUpload(file)); }} /></label>`}
      ${failure && html`<span class="refusal" role="alert">${failure}</span>`}
    </span>`;
}
