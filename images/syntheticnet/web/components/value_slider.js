// One of the four main values: a slider, the number as text, and its unit.

import { SCALES, parseQuantity, positionOf, showQuantity, unitOf } from "../units.js";
import { html, useState } from "./html.js";
import { useHeld } from "./held.js";

const SPECIAL = { 0: "nothing passes", Infinity: "unlimited" };
const UNITS = { rate: "kbit/s", time: "ms", share: "%" };

// `value` is the number in force, undefined where the link does not set it; `shared` is what applies then.
// `onChange(number, gesture)` returns a promise; `onShare()` clears the value. `note` is {mark, text}: why it is so.
// `warning` is a line about the value.
export function ValueSlider({ name, place, value, shared, note, warning, disabled, onChange, onShare }) {
  const scale = SCALES[name];
  const { shown: number, failure, grip, move, drop } = useHeld(value ?? shared ?? scale.none, onChange);
  const shown = wordsOf(name, number);
  const label = `${place} ${name}`;
  return html`
    <div class=${`value ${value === undefined ? "" : "is-set"}`}>
      <span class="value-name" aria-hidden="true">${name}</span>
      <input type="range" min="0" max=${scale.stops.length - 1} step="1" disabled=${disabled}
             aria-label=${label} aria-valuetext=${note ? `${shown.join(" ")}, ${note.text}` : shown.join(" ")}
             value=${positionOf(scale, number)}
             onPointerDown=${grip} onPointerUp=${drop} onPointerCancel=${drop} onBlur=${drop}
             onInput=${({ target }) => move(scale.stops[Number(target.value)])} />
      <${QuantityField} label=${`${label}, as a number`} scale=${scale} shown=${shown} disabled=${disabled} onNumber=${move} />
      ${note && html`<span class="mark" aria-hidden="true" title=${note.text}>${note.mark}</span>`}
      ${!note && onShare && value !== undefined && html`
        <button class="icon" title=${`Use the ${name} of all traffic`} aria-label=${`Clear ${label}`} disabled=${disabled} onClick=${onShare}>×</button>`}
      ${failure && html`<span class="refusal" role="alert">${failure}</span>`}
      ${warning && html`<span class="warning">${warning}</span>`}
    </div>`;
}

// [number, unit]; the ends of a rate are words without a unit.
function wordsOf(name, number) {
  if (name === "rate" && number in SPECIAL) return [SPECIAL[number], ""];
  return showQuantity(SCALES[name].kind, number);
}

// A text field: it takes any way of writing the quantity, and keeps what is typed until Enter, or until it loses focus.
function QuantityField({ label, scale, shown: [number, unit], disabled, onNumber }) {
  const [typed, setTyped] = useState(undefined);
  const shown = number === "unlimited" ? "∞" : number === "nothing passes" ? "0" : number;
  const parsed = typed === undefined ? undefined : read(scale, typed, unit || UNITS[scale.kind]);
  const done = () => {
    if (parsed !== undefined) onNumber(parsed);
    setTyped(undefined);
  };
  const keys = ({ key }) => {
    if (key === "Enter") done();
    if (key === "Escape") setTyped(undefined);
  };
  return html`
    <input class="number" type="text" inputmode="decimal" autocomplete="off" disabled=${disabled} aria-label=${label}
           aria-invalid=${typed !== undefined && parsed === undefined ? "true" : undefined}
           value=${typed ?? shown} onInput=${({ target }) => setTyped(target.value)} onKeyDown=${keys} onBlur=${done}
           onFocus=${({ target }) => target.select()} />
    <span class="unit" aria-hidden="true">${unit}</span>`;
}

function read({ kind, none }, text, unit) {
  const words = text.trim().toLowerCase();
  if (["", "none", "unlimited", "∞"].includes(words)) return none;
  return parseQuantity(kind, words, unitOf(unit));
}
