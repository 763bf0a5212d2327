// One row for each participant: how it is, what passes, what is set, and a box to choose it for a change of several.

import { chipsOf, healthOf, probesOf, roleWords } from "../participants.js";
import { DIRECTION_MARKS, DIRECTION_WORDS, formatRate } from "../shared.js";
import { html } from "./shared.js";
import { SparkLine } from "./spark_line.js";

const WAYS = { down: "ingress", up: "egress" };

// `chosen` is a set of names; `onChoose(names, chosen)`, `onOpen(name)`.
export function ParticipantList({ participants, model, chosen, opened, onChoose, onOpen }) {
  const can = participants.filter(({ conditioned, state }) => conditioned && state === "running").map(({ name }) => name);
  const all = can.length > 0 && can.every((name) => chosen.has(name));
  return html`
    <section class="side participants" aria-label="Participants">
      <header class="list-head">
        <label><input type="checkbox" checked=${all} indeterminate=${!all && chosen.size > 0} disabled=${!can.length} onChange=${() => onChoose(can, !all)} />
          <span class="hidden">All participants</span></label>
        <h2>Participants</h2><span class="soft">${participants.length}</span>
      </header>
      <ul>
        ${participants.map((one) => html`<${Row} key=${one.name} one=${one} state=${model.states[one.name]} probes=${model.probes[one.name]} samples=${model.samples}
          chosen=${chosen.has(one.name)} opened=${opened === one.name} onChoose=${onChoose} onOpen=${onOpen} />`)}
      </ul>
      ${model.lab?.outside && html`<p class="outside soft">${model.lab.outside}</p>`}
    </section>`;
}

function Row({ one, state, probes, samples, chosen, opened, onChoose, onOpen }) {
  const health = healthOf(one, state);
  const chips = chipsOf(state);
  const probed = probesOf(probes);
  const isOpenable = one.role !== "outside";
  return html`
    <li class=${`participant ${opened ? "is-open" : ""}`}>
      ${one.conditioned ? html`<input type="checkbox" aria-label=${`Choose ${one.name}`} checked=${chosen} onChange=${() => onChoose([one.name], !chosen)} />` : html`<span></span>`}
      <div class="participant-name">
        ${isOpenable ? html`<button class="disclose" aria-expanded=${opened ? "true" : "false"} onClick=${() => onOpen(opened ? undefined : one.name)}>${one.name}</button>`
          : html`<b>${one.name}</b>`}
        <small>${roleWords(one)}</small>
        ${one.conditioned ? html`<span class=${`health is-${health.level}`} title=${one.cut_off ? "It has no network: restart it" : state?.problem ?? state?.error ?? health.word}><span class=${health.level === "good" ? "hidden" : ""}>${health.word}</span></span>`
          : html`<span class="badge" title=${one.why_not}>not conditioned</span>`}
      </div>
      ${one.conditioned && html`<div class="participant-rates">${Object.keys(WAYS).map((way) => html`<${Way} key=${way} way=${way} name=${one.name} samples=${samples} />`)}</div>`}
      ${probed.length > 0 && html`<ul class="participant-probes" aria-label=${`Probes of ${one.name}`}>${probed.map(({ kind, from, text, title, isWrong }) => html`
        <li key=${kind} title=${title}><span class="soft">${kind} from ${from}</span> <b class=${isWrong ? "is-wrong" : ""}>${text}</b></li>`)}</ul>`}
      ${chips.length > 0 && html`<ul class="participant-chips" aria-label=${`Set on ${one.name}`}>${chips.map(({ text, lease }) => html`
        <li key=${text} class="chip" title=${lease ? `${text} (a lease is in force)` : text}>${text}</li>`)}</ul>`}
    </li>`;
}

function Way({ way, name, samples }) {
  const end = samples.at(-1)?.at_ms ?? 0;
  const points = samples.slice(-130).map(({ at_ms: at, clients }) => [(end - at) / 1000, clients[name]?.[way]]);
  const last = points.at(-1)?.[1];
  const top = Math.max(50_000, ...points.map(([, value]) => value ?? 0));
  return html`
    <span class="way"><span class="soft">${DIRECTION_MARKS[WAYS[way]]}<span class="hidden">${DIRECTION_WORDS[WAYS[way]]}</span></span>
      <${SparkLine} points=${points} top=${top} /><span class="way-rate">${last === undefined ? "–" : formatRate(last)}</span></span>`;
}
