// Leases and scheduled changes as chips with the time that is left, each with a button that cancels it.

import { formatSeconds } from "../units.js";
import { describeEntry } from "../words.js";
import { html } from "./html.js";
import { useNow } from "./now.js";

// `entries` are leases and scheduled changes; `at_ms` is the time of the page's clock at which their times were right.
export function LeaseChips({ entries, at_ms: at, disabled, onCancel }) {
  const passed = (useNow(entries.length > 0) - at) * 1e6;
  return html`
    <ul class="chips" aria-label="Leases and scheduled changes">
      ${entries.map((entry) => html`
        <li class="chip lease" key=${entry.id} title=${`${describeEntry(entry)}${entry.by ? `, by ${entry.by}` : ""}`}>
          <span class="chip-text">${describeEntry(entry)}</span> <b>${timeOf(entry, passed)}</b>
          <button class="icon" disabled=${disabled} aria-label=${`Cancel ${describeEntry(entry)}`} onClick=${() => onCancel(entry.id)}>×</button>
        </li>`)}
    </ul>`;
}

function timeOf({ in_ns: begins, left_ns: ends }, passed) {
  if (begins !== undefined && begins > passed) return `in ${formatSeconds(begins - passed)}`;
  return ends === undefined ? "" : formatSeconds(ends - passed);
}
