// The charts of one direction of a panel: set beside measured rate with drops, then delay with the queue.

import { ALL } from "../conditions.js";
import { linesOf, spansOf } from "../store.js";
import { axisOf, formatRate, formatTime } from "../units.js";
import { describeDrops, describeWho, sumOf } from "../words.js";
import { html } from "./html.js";
import { TimeChart } from "./time_chart.js";

const DOTS = [2, 3];
const RATE_AXIS = axisOf("rate"), TIME_AXIS = axisOf("time");

// `marks` and `stays` are those of the store, `states` the names of the states; `now_ns` is the time of the newest sample.
export function LinkCharts({ samples, panel, direction, place, marks, stays, states, now_ns: now }) {
  const { at, rate, p50, p99, queued, drops, last, ...own } = linesOf(samples, panel, direction);
  const shared = linesOf(samples, ALL, direction);
  const [setRate, setLatency] = ["set_rate", "set_latency"].map((name) => own[name].map((value, index) => value ?? shared[name][index]));
  const shown = marks.map(({ at_ns, by }) => ({ at_s: (at_ns - now) / 1e9, text: describeWho(by) }));
  const spans = spansOf(stays, states, now);
  const state = stays.at(-1)?.state;
  const where = state ? `${place}, in state ${state},` : place;
  const lost = drops.map((causes) => sumOf(causes, false)), slow = drops.map((causes) => sumOf(causes, true));
  const text = wordsOf(last, shared.last);
  return html`
    <div class="charts">
      <p class="legend"><span class="key key-measured">${text.rate}</span><span class="key key-set">${text.set}</span>
        <span class=${text.drops ? "key key-drops" : ""}>${text.drops || "no drops"}</span></p>
      <${TimeChart} label=${`${where} rate: ${text.rate}, ${text.set}, ${text.drops || "no drops"}`} at=${at} marks=${shown} spans=${spans} names=${true}
        height=${92} times=${false} format=${RATE_AXIS} tops=${{ y: rateTop(rate, setRate), bars: 4 * Math.max(1, ...lost, ...slow) }}
        lines=${[
          { values: lost.map((count) => count || null), colour: "--wrong", fill: "--wrong", bars: true, scale: "bars" },
          { values: slow.map((count) => count || null), colour: "--warn", fill: "--warn", bars: true, scale: "bars" },
          { values: rate, colour: "--accent", width: 1.5 },
          { values: setRate, colour: "--text", width: 1.5, dash: DOTS }]} />
      <p class="legend"><span class="key key-measured">${text.p50}</span><span class="key key-p99">${text.p99}</span>
        <span class="key key-queue">${text.queue}</span></p>
      <${TimeChart} label=${`${where} delay: ${text.p50}, ${text.p99}, ${text.queue}`} at=${at} spans=${spans} height=${76} times=${true}
        marks=${shown.map(({ at_s: at }) => ({ at_s: at }))} format=${TIME_AXIS}
        tops=${{ y: 1.15 * Math.max(2, ...known(p99), ...known(setLatency)), bars: 1.5 * Math.max(10, ...known(queued)) }}
        lines=${[
          { values: queued, colour: "--queue", fill: "--queue", width: 0, scale: "bars" },
          { values: p99, colour: "--accent-soft", width: 1 },
          { values: p50, colour: "--accent", width: 1.5 },
          { values: setLatency, colour: "--text", width: 1.5, dash: DOTS }]} />
    </div>`;
}

const known = (values) => values.filter((value) => value !== null);

// The set rate is in view unless it is far above all that is sent: then the measured line deserves the room.
function rateTop(rate, setRate) {
  const most = Math.max(10_000, ...known(rate));
  const set = Math.max(0, ...known(setRate));
  return 1.15 * (set <= 4 * most ? Math.max(most, set) : most);
}

function wordsOf({ rate_bps: rate, set = {}, delay_p50_ms: p50, delay_p99_ms: p99, queued, dropped_s: dropped }, { set: shared = {} }) {
  return {
    rate: rate === undefined ? "no packets" : formatRate(rate),
    set: set.rate_bps !== undefined ? `set ${formatRate(set.rate_bps)}`
      : shared.rate_bps === undefined ? "no limit set" : `shares ${formatRate(shared.rate_bps)}`,
    drops: describeDrops(dropped),
    p50: p50 === undefined ? "delay –" : `delay ${formatTime(p50)}`,
    p99: p99 === undefined ? "99 % –" : `99 % ${formatTime(p99)}`,
    queue: `${queued ?? 0} in queue`,
  };
}
