// The states that the network walks between: where it is, a button for each that goes there, and their text to edit.

import { html } from "./html.js";

const EXAMPLE = { good: { mean: "20s" }, bad: { mean: "5s", egress: { loss: "5%" } } };

// `states` are those of the conditions, `walk` is that of the state; both are undefined without states.
// `onStates` gets the edited ones, or an Error where the text is not JSON; null ends the walk.
export function StatesBar({ states, walk, disabled, onState, onStates }) {
  const apply = (event) => {
    event.preventDefault();
    onStates(parsed(event.currentTarget.elements.states.value));
  };
  return html`
    <section class="states" aria-label="States">
      ${states && html`
        <span class="group" role="group" aria-label="State">
          ${Object.keys(states).map((name) => html`
            <button key=${name} disabled=${disabled} aria-pressed=${name === walk?.state ? "true" : "false"}
                    title=${titleOf(states[name], walk?.states[name])} onClick=${() => onState(name)}>${name}</button>`)}
        </span>
        <button disabled=${disabled} onClick=${() => onStates(null)} title="Stay with the values below">End states</button>`}
      <details>
        <summary>${states ? "Edit states" : "Walk between states"}</summary>
        <form onSubmit=${apply}>
          <textarea name="states" rows="8" spellcheck="false" aria-label="States as JSON" disabled=${disabled}
                    defaultValue=${JSON.stringify(states ?? EXAMPLE, null, 2)}></textarea>
          <button disabled=${disabled}>Apply states</button>
        </form>
      </details>
    </section>`;
}

const titleOf = ({ mean }, counted) =>
  `Go there now; mean ${mean}${counted ? `, entered ${counted.entered} times, ${counted.spent_s.toFixed(1)} s so far` : ""}`;

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    return new Error(`states: not JSON: ${error.message}`);
  }
}
