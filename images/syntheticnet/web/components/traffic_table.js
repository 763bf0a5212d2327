// Live traffic of both directions, one row for each kind of packet to or from a remote.

import { filtered, limitOf, rowsOf, sorted } from "../traffic.js";
import { digits, formatRate } from "../units.js";
import { ALL } from "../conditions.js";
import { DIRECTION_MARKS, DIRECTION_WORDS, describeDrops, remoteWords, trafficWords } from "../words.js";
import { html, useRef, useState } from "./html.js";

const MOST_ROWS = 100;
const HEADS = { remote: "Remote", packets: "pkt/s", bits: "rate", drops: "drops", delay: "delay" };

// `lit` is the name of a panel; `onPanel(row)` makes a panel of a row, `onLimit(row, rate)` with a rate limit.
export function TrafficTable({ traffic, lit, disabled, onLight, onPanel, onLimit }) {
  const [column, setColumn] = useState("bits");
  const [text, setText] = useState("");
  const [direction, setDirection] = useState("");
  const [paused, setPaused] = useState(undefined);
  const [opened, setOpened] = useState(undefined);
  const hand = useRef({ over: false, order: undefined, column: undefined }).current;
  const now = paused ?? traffic;
  const rows = sorted(filtered(rowsOf(now), text, direction), column, hand.over && hand.column === column ? hand.order : undefined);
  Object.assign(hand, { order: rows.map(({ key }) => key), column });
  const shown = rows.slice(0, MOST_ROWS);
  const hidden = rows.length - shown.length + ["ingress", "egress"].reduce((sum, one) => sum + (now?.rest?.[one]?.rows ?? 0), 0);
  return html`
    <section class="side traffic" aria-label="Live traffic" onPointerEnter=${() => { hand.over = true; }} onPointerLeave=${() => { hand.over = false; onLight(undefined); }}>
      <h2>Live traffic</h2>
      <div class="filters">
        <input type="search" placeholder="sfu video udp ..." aria-label="Filter traffic" value=${text} onInput=${({ target }) => setText(target.value)} />
        <select aria-label="Direction" value=${direction} onChange=${({ target }) => setDirection(target.value)}>
          <option value="">both</option>${Object.entries(DIRECTION_WORDS).map(([value, word]) => html`<option key=${value} value=${value}>${word}</option>`)}</select>
        <button aria-pressed=${paused ? "true" : "false"} onClick=${() => setPaused(paused ? undefined : traffic)}>${paused ? "Paused" : "Pause"}</button>
      </div>
      <table class="numbers">
        <thead><tr>${Object.entries(HEADS).map(([name, head]) => html`
          <th key=${name} scope="col" aria-sort=${name === column ? (name === "remote" ? "ascending" : "descending") : undefined}>
            <button class="sort" onClick=${() => setColumn(name)}>${head}</button></th>`)}</tr></thead>
        ${shown.map((row) => html`<${TrafficRow} key=${row.key} row=${row} lit=${lit === row.flow} disabled=${disabled}
          open=${opened === row.key} onOpen=${() => setOpened(opened === row.key ? undefined : row.key)}
          onLight=${onLight} onPanel=${onPanel} onLimit=${onLimit} />`)}
      </table>
      ${shown.length === 0 && html`<p class="note">${now?.watching ? (text || direction ? "No traffic with these words." : "No packets in the last second.") : "Counting ..."}</p>`}
      ${hidden > 0 && html`<p class="note">and ${hidden} more</p>`}
    </section>`;
}

function TrafficRow({ row, lit, disabled, open, onOpen, onLight, onPanel, onLimit }) {
  const drops = describeDrops(row.dropped_s);
  return html`
    <tbody class=${lit ? "is-lit" : ""} onPointerEnter=${() => onLight(row.flow)} onPointerLeave=${() => onLight(undefined)}>
      <tr>
        <th scope="row"><button class="row-button" aria-expanded=${open ? "true" : "false"} title=${row.remote} onClick=${onOpen}
          onFocus=${() => onLight(row.flow)} onBlur=${() => onLight(undefined)}>
          <span class="arrow" title=${DIRECTION_WORDS[row.direction]}>${DIRECTION_MARKS[row.direction]}<span class="hidden">${DIRECTION_WORDS[row.direction]}</span></span>
          <span><b>${remoteWords(row)}</b> <small>${trafficWords(row)}${row.flow === ALL ? "" : html`<em>${row.flow}</em>`}</small></span></button></th>
        <td>${Math.round(row.packets_s)}</td><td>${formatRate(row.bits_s)}</td>
        <td class=${drops ? "is-poor" : "soft"} title=${drops}>${drops ? drops.replace("machine too slow: ", "").split(/[,;] /).map((cause) => html`<span class="cause" key=${cause}>${cause}</span>`) : "–"}</td>
        <td>${row.delay_ms === null ? "–" : `${digits(row.delay_ms)} ms`}</td>
      </tr>
      ${open && html`<tr class="row-actions"><td colspan="5">
        <button disabled=${disabled} onClick=${() => onPanel(row)}>Make a panel</button>
        ${[80, 120].map((percent) => html`<button key=${percent} disabled=${disabled} title=${limitOf(row, percent / 100)}
          onClick=${() => onLimit(row, limitOf(row, percent / 100))}>Limit to ${percent} % of now</button>`)}
        <code>${row.match}</code></td></tr>`}
    </tbody>`;
}
