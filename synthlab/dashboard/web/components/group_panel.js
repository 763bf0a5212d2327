// The sliders of several participants: each value is changed in all of them at one instant.

import { commonOf } from "../participants.js";
import { DIRECTIONS, DIRECTION_WORDS, describeReach, figure, linkOf, mainChange, mainValue, netemChange } from "../shared.js";
import { html, NetemForm, StatesBar, useState, ValueSlider } from "./shared.js";

const MAIN = ["rate", "latency", "jitter", "loss"];
const ALL = "default";
const DURATIONS = { "": "until reset", "10s": "for 10 s", "30s": "for 30 s", "1m": "for 1 min" };

export function GroupPanel({ session, names, onClose }) {
  const [lasts, setLasts] = useState("");
  const { states } = session.model;
  const known = names.filter((name) => states[name]?.conditions);
  const change = (direction, value) => (number) => {
    const link = linkOf(states[known[0]]?.conditions ?? {}, ALL, direction);
    const values = mainChange(value, number, known.some((name) => "outage" in linkOf(states[name].conditions, ALL, direction)) ? { outage: true, ...link } : link);
    return session.change(names, { [direction]: values }, { target: `${direction} ${value}`, lasts: lasts || undefined });
  };
  const make = (body) => session.change(names, body, { lasts: lasts || undefined });
  const onStates = (states) => session.tried(async () => { if (states instanceof Error) throw states; await make({ states }); });
  const shared = commonOf(known.map((name) => JSON.stringify(states[name].conditions.states))).value;
  const walk = { state: commonOf(known.map((name) => states[name].conditions.state)).value, states: {} };
  return html`
    <div class="drawer-head"><h2 class="title">${names.join(", ")}</h2>
      <select aria-label="How long changes last" value=${lasts} class=${lasts ? "is-set" : ""} onChange=${({ target }) => setLasts(target.value)}>
        ${Object.entries(DURATIONS).map(([value, words]) => html`<option key=${value} value=${value}>${words}</option>`)}</select>
      <span class="spacer"></span>
      <button class="icon" aria-label="Close" title="Close" onClick=${onClose}>×</button></div>
    <div class="drawer-body">
      <${StatesBar} states=${shared && JSON.parse(shared)} walk=${walk}
        onState=${(name) => session.tried(async () => { await make({ state: name }); })} onStates=${onStates} />
      <article class="panel">
        <h3>All traffic</h3>
        <div class="columns">${DIRECTIONS.map((direction) => html`
          <section key=${direction} class="column" aria-label=${`Together, ${DIRECTION_WORDS[direction]}`}><h3>${DIRECTION_WORDS[direction]}</h3>
            ${MAIN.map((value) => {
              const { value: shared, mixed } = commonOf(known.map((name) => mainValue(linkOf(states[name].conditions, ALL, direction), value)));
              return html`<${ValueSlider} key=${value} name=${value} place=${`Together ${DIRECTION_WORDS[direction]}`} value=${shared}
                note=${mixed ? { mark: "differ", text: "they have different values" } : undefined}
                warning=${value === "rate" ? reachOf(known.map((name) => states[name]), direction) : undefined} onChange=${change(direction, value)} />`;
            })}</section>`)}</div>
        <${NetemForm} title="Together" translate=${(text) => session.api.netem(text)} onSet=${(meant, directions) => make(netemChange(meant, directions))} />
        <p class="note" role="status">${session.spread_ms === undefined ? "Each change is made in all of them at one instant, or in none."
          : `Last change: ${session.spread_ms < 0.1 ? "less than 0.1" : figure(session.spread_ms, 1)} ms between the first and the last of them.`}</p>
      </article>
    </div>`;
}

// What to say of the first client whose machine does not forward as much as is set.
const reachOf = (states, direction) =>
  states.map(({ conditions, reach_bps: reach }) => describeReach(mainValue(linkOf(conditions, ALL, direction), "rate"), reach)).find(Boolean);
