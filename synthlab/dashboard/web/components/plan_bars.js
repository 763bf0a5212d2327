// The steps of a scenario on its time line, and a line for now.

import { html } from "./shared.js";

const STATE_WORDS = { waiting: "waiting", running: "running", passed: "passed", failed: "failed", done: "done" };
const percent = (share) => `${(100 * Math.min(1, share)).toFixed(2)}%`;

// `bars` as `barsOf` makes them; `now_s` is undefined once the run has ended.
export function PlanBars({ bars, length_s: length, now_s: now }) {
  const rows = 1 + Math.max(...bars.map(({ row }) => row));
  return html`
    <ol class="plan" style=${{ height: `${rows * 20}px` }} aria-label="Steps of the scenario">
      ${bars.map(({ step, title, kind, state, from_s: from, to_s: to, row, words }) => html`
        <li key=${step} class=${`step is-${state} kind-${kind}`} title=${[title, STATE_WORDS[state], words].filter(Boolean).join(": ")}
            style=${{ left: percent(from / length), top: `${row * 20}px`, width: percent((to - from) / length) }}>
          <span class="step-title">${MARKS[state] ?? ""}${title}<span class="hidden">, ${STATE_WORDS[state]}${words ? `: ${words}` : ""}</span></span></li>`)}
      ${now !== undefined && html`<li class="now" aria-hidden="true" style=${{ left: percent(now / length) }}></li>`}
    </ol>`;
}

const MARKS = { passed: "✓ ", failed: "✗ " };
