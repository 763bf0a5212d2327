// One time axis for the whole lab: a line for each participant, changes as marks, and the steps of a scenario as bars.

import { KEPT_S, WALK, marksOf, meanFps } from "../lab_store.js";
import { barsOf, lengthOf } from "../runs.js";
import { axisOf, describeChange, describeWho, figure, formatRate } from "../shared.js";
import { html, TimeChart, useState } from "./shared.js";
import { PlanBars } from "./plan_bars.js";

const LIVE_S = 120;
// How much of what comes after a run is shown: its last changes are reverted then.
const AFTER_S = 1;
const METRICS = {
  fps: { words: "frame rate seen", format: (value) => `${figure(value, 0)} fps`, least: 5 },
  up: { words: "upload", format: formatRate, axis: axisOf("rate"), least: 10_000 },
  down: { words: "download", format: formatRate, axis: axisOf("rate"), least: 10_000 },
};
export const COLOURS = 8;
const KINDS = { expired: "ended", released: "reverted", failed: "failed" };

// `names` are those with a line. `now_ms` is the time of the drawing, `run` one of this lab, shown with `ofRun`.
export function TimeLine({ model, names, run, ofRun, now_ms: now, onOfRun }) {
  const [wanted, setMetric] = useState(undefined);
  const metric = wanted ?? (names.some((name) => meanFps(model.numbers[name]) !== undefined) ? "fps" : "up");
  const { words, format, axis = format, least } = METRICS[metric];
  const elapsed_s = elapsedOf(model, run, now);
  const bars = run && ofRun ? barsOf(run, elapsed_s) : [];
  const from_ms = bars.length ? (run.id === model.run?.id && model.zero_ms !== undefined ? model.zero_ms : now) : now;
  const span = bars.length ? runSpan(lengthOf(run, bars, elapsed_s)) : LIVE;
  const end_s = bars.length && run.state === "ended" ? Math.min(elapsed_s + AFTER_S, span.to) : span.to;
  const shown = model.samples.filter(({ at_ms: at }) => at - from_ms >= span.from * 1000 - 2000 && at - from_ms <= end_s * 1000);
  const at = shown.map(({ at_ms }) => (at_ms - from_ms) / 1000);
  const lines = names.map((name, index) => ({ values: shown.map(({ clients }) => clients[name]?.[metric] ?? null), colour: `--line-${index % COLOURS}`, width: 1.5 }));
  const top = 1.15 * Math.max(least, ...lines.flatMap(({ values }) => values.filter((value) => value !== null)));
  const marks = marksOf(model.changes).map((mark) => ({ at_s: (mark.at_ms - from_ms) / 1000, text: markWords(mark), about: mark }))
    .filter(({ at_s }) => at_s >= span.from && at_s <= end_s);
  return html`
    <section class="time-line" aria-label="Time line">
      <header class="list-head">
        <select aria-label="What the lines show" value=${metric} onChange=${({ target }) => setMetric(target.value)}>
          ${Object.entries(METRICS).map(([name, { words: text }]) => html`<option key=${name} value=${name}>${text}</option>`)}</select>
        ${run && html`<span class="group" role="group" aria-label="Time shown">
          <button aria-pressed=${ofRun ? "false" : "true"} onClick=${() => onOfRun(false)}>Last 2 min</button>
          <button aria-pressed=${ofRun ? "true" : "false"} onClick=${() => onOfRun(true)}>Scenario</button></span>`}
        <ul class="legend lines-legend">${names.map((name, index) => html`
          <li key=${name} class=${`line-key line-${index % COLOURS}`}>${name} <b>${lastWords(lines[index].values, format)}</b></li>`)}</ul>
      </header>
      ${bars.length > 0 && html`<${PlanBars} bars=${bars} length_s=${span.to} now_s=${run.state === "running" ? elapsed_s : undefined} />`}
      <${TimeChart} label=${`${words} of each participant`} at=${at} lines=${lines} marks=${marks} tops=${{ y: top }} format=${axis} height=${120} times=${true} span=${span} />
      <details class="mark-list"><summary>${marks.length} change${marks.length === 1 ? "" : "s"}</summary>
        <ol>${[...marks].reverse().slice(0, 50).map(({ at_s, about }) => html`<li key=${`${about.last_ns} ${about.by}`}>
          <b>${timeWords(at_s, bars.length > 0)}</b> ${describeWho(about.by)} ${KINDS[about.kind] ? `${KINDS[about.kind]}:` : "→"} ${about.clients.join(", ")}
          ${about.change ? html` <span class="soft">${describeChange(about.change)}</span>` : ""}</li>`)}</ol></details>
    </section>`;
}

const LIVE = { from: -LIVE_S, to: 0, ticks: [-120, -90, -60, -30, 0], tickOf: (at) => (at === 0 || at === -LIVE_S ? "" : `${at} s`) };

function runSpan(length_s) {
  const step = [5, 10, 15, 30, 60, 120, 300, 600].find((one) => length_s / one <= 8) ?? 1200;
  const ticks = Array.from({ length: Math.floor(length_s / step) + 1 }, (_, index) => index * step);
  return { from: 0, to: length_s, ticks, tickOf: (at) => (at === 0 ? "" : `${at} s`) };
}

// How long a run has been going on; the events of a run are rare.
export function elapsedOf({ run: latest, zero_ms: zero }, run, now) {
  if (!run) return undefined;
  if (run.state === "ended") return run.elapsed_s;
  return latest?.id === run.id && zero !== undefined ? Math.min((now - zero) / 1000, KEPT_S) : undefined;
}

const markWords = ({ by, kind, change, clients }) => {
  const who = clients.length > 2 ? `${clients.length} clients` : clients.join(", ");
  return kind === WALK ? `${who}: ${change.state}` : `${KINDS[kind] ?? describeWho(by)}: ${who}`;
};
const timeWords = (at_s, isRun) => (isRun ? `${at_s.toFixed(1)} s` : `${Math.round(-at_s)} s ago`);

function lastWords(values, format) {
  const last = values.at(-1);
  return last === null || last === undefined ? "–" : format(last);
}
