// The page of one client: the bar, a panel for all traffic and for each flow, the call, and live traffic.

import { ALL, DIRECTIONS, changeOf, flowNames, hidingLease, linkOf, mainChange, matchOf, moved, netemChange, newFlow, ownerOf, profileChange, shareChange, valuesOf, withoutSeed } from "../conditions.js";
import { copyText } from "../copy.js";
import { placesOf } from "../places.js";
import { describeHealth, describeRefusal } from "../words.js";
import { AddFlow } from "./add_flow.js";
import { CallStats } from "./call_stats.js";
import { html, useRef, useState } from "./html.js";
import { Panel } from "./panel.js";
import { StatesBar } from "./states_bar.js";
import { TopBar } from "./top_bar.js";
import { TrafficTable } from "./traffic_table.js";

const DOG = { egress: { rate: "100kbit" } };

// `session` is that of the client. With `inside`, it is a part of another page, which has the main landmark.
export function ClientPage({ session, schema, profiles, inside = false }) {
  const { model, changes, api, hold, at_ms: at, notice } = session;
  const onNotice = (shown) => session.show(shown);
  const [open, setOpen] = useState({ [ALL]: true });
  const [lit, setLit] = useState(undefined);
  const [duration, setDuration] = useState("");
  const [draft, setDraft] = useState(undefined);
  const [dropAt, setDropAt] = useState(undefined);
  const panels = useRef(null);
  const { state, samples, marks, stays, files } = model;
  const health = describeHealth(model);
  if (!state) return html`<p class="waiting" role="status">${health.word} ...</p>`;

  const { conditions, leases } = state;
  const disabled = state.may_change === false;
  const names = flowNames(conditions);
  const lease = duration || undefined;

  const tried = async (act) => {
    try {
      const text = await act();
      onNotice(typeof text === "string" && text ? { text } : undefined);
    } catch (error) {
      onNotice({ text: error.message, wrong: true });
    }
  };
  const make = (body, options = {}) => changes.put("other", body, { lease, ...options });
  const openPanel = (name, shown = true) => setOpen((before) => ({ ...before, [name]: shown }));

  // A change that a lease would hide is made for as long as that lease: a hand expects to see what it does.
  const setValues = (panel, direction, values, gesture) => {
    const left = hidingLease(leases, panel, direction, Object.keys(values));
    const hidden = left === undefined ? undefined : `${Math.max(100, Math.round(left / 1e6))}ms`;
    const target = `${panel} ${direction} ${Object.keys(values)[0] === "outage" ? "rate" : Object.keys(values)[0]}`;
    return placed(changes.put(target, changeOf(panel, direction, values), { gesture, lease: lease ?? hidden }), panel, direction, values);
  };
  const actionsOf = (name) => ({
    onMain: (direction, value, number, gesture) => setValues(name, direction,
      mainChange(value, number, linkOf(conditions, name, direction), name === ALL ? {} : linkOf(conditions, ALL, direction)), gesture),
    onShare: (direction, value) => tried(() => setValues(name, direction, shareChange(value, linkOf(conditions, name, direction)))),
    onValue: (direction, value, text) => setValues(name, direction, { [value]: ["", "none"].includes(text) ? null : text }),
    onUpload: async (direction, value, file) => {
      await api.putFile(file.name, await file.text());
      return setValues(name, direction, { [value]: file.name });
    },
    onProfile: (profile) => tried(() => make(profileChange(profile.conditions, schema.map(({ name: value }) => value), name))),
    onNetem: (meant, directions) => make(netemChange(meant, directions, name)),
    onOpen: (shown) => openPanel(name, shown),
    onMute: (muted) => tried(() => make(name === ALL ? { muted: muted || null } : { flows: { [name]: { muted: muted || null } } })),
    onLight: setLit,
  });
  const place = (name, to) => tried(() => make({ order: moved(names, name, to) }));
  const flowActionsOf = (name) => ({
    ...actionsOf(name),
    onRemove: () => tried(() => make({ flows: { [name]: null } })),
    onDuplicate: () => setDraft({ match: matchOf(name, conditions.flows[name]), values: valuesOf(conditions.flows[name]),
                                  note: `Change the expression: the new flow gets the values of ${name}.` }),
    onMove: (steps) => {
      const to = names.indexOf(name) + steps;
      if (to >= 0 && to < names.length) place(name, to);
    },
    onDrag: (y, dropped) => {
      const others = [...panels.current.querySelectorAll("[data-panel]")].filter((node) => ![ALL, name].includes(node.dataset.panel));
      const to = others.filter((node) => { const box = node.getBoundingClientRect(); return y > box.top + Math.min(box.height / 2, 24); }).length;
      const stays = to === names.indexOf(name);
      setDropAt(dropped || stays ? undefined : { before: others[to]?.dataset.panel });
      if (dropped && !stays) place(name, to);
    },
  });
  const addFlow = async (match, values, first) => {
    await make(newFlow(match, values, first));
    openPanel(match);
    setDraft((present) => (present === draft ? undefined : present));
  };
  // A row of the table is one kind of packet: its panel must come before wider ones.
  const fromRow = (row, values) => tried(async () => {
    const known = names.includes(row.match);
    await make(known && !Object.keys(values).length ? {} : newFlow(row.match, values, !known));
    openPanel(row.match);
    requestAnimationFrame(() => reveal(panels.current, row.match, row.direction));
  });
  const common = { schema, profiles, leases, samples, marks, stays, state: conditions.state, states: conditions.states ?? {}, reach: state.forwarder.reach_bps, translate: session.translate, now_ns: samples.at(-1)?.monotonic_ns, disabled };
  const below = Object.fromEntries(DIRECTIONS.map((direction) => [direction, linkOf(conditions, ALL, direction)]));

  return html`
    <div class="top">
    <${TopBar} inside=${inside} name=${state.name} lab=${state.lab} health=${health} profiles=${profiles} duration=${duration} at_ms=${at}
      entries=${[...leases, ...state.scheduled]} disabled=${disabled} canUndo=${changes.canUndo} canRedo=${changes.canRedo}
      places=${inside ? [] : placesOf(state, location)} textOf=${(form) => copyText(form, withoutSeed(conditions), state)}
      onProfile=${actionsOf(ALL).onProfile}
      onPress=${() => hold.press(conditions.muted === true)} onRelease=${() => hold.release()}
      onDog=${() => tried(() => make(DOG, { lease: "10s" }))}
      onUndo=${() => tried(() => changes.undo())} onRedo=${() => tried(() => changes.redo())} onReset=${() => tried(() => changes.reset())}
      onDuration=${setDuration} onCancel=${(id) => tried(() => changes.release(id))} />
    ${disabled && html`<p class="notice">Read-only: the application in this container may not change its own network.
      Change it from the machine that runs the lab, with <code>synthlab open ${state.name || "NAME"}</code>,
      or allow it with <code>self_control: true</code> in the stack file.</p>`}
    ${!model.connected && html`<p class="notice is-wrong" role="status">No answer from this client; trying again. What you see is from before.</p>`}
    <div role="alert">${notice && html`<p class=${`notice ${notice.wrong ? "is-wrong" : ""}`}>${notice.text}
      <button class="icon" aria-label="Dismiss" onClick=${() => onNotice(undefined)}>×</button></p>`}</div>
    ${state.failed?.last.length > 0 && html`<p class="notice is-wrong">A scheduled change or lease failed: ${state.failed.last.at(-1).error}</p>`}
    </div>
    <${inside ? "div" : "main"} class="client">
      <div class="panels" ref=${panels}>
        <${StatesBar} states=${conditions.states} walk=${state.walk} disabled=${disabled}
          onState=${(name) => tried(() => make({ state: name }))}
          onStates=${(states) => tried(() => { if (states instanceof Error) throw states; return make({ states }); })} />
        <${Panel} name=${ALL} owner=${conditions} open=${open[ALL]} lit=${lit === ALL} ...${common} ...${actionsOf(ALL)} />
        ${names.length > 0 && html`<p class="note order-note">Flows, in the order in which they match: the first one wins, and what it does not set, it shares with all traffic.</p>`}
        ${names.map((name, at) => html`
          <div key=${name} class=${dropAt && dropAt.before === name ? "drop-before" : ""}>
            <${Panel} name=${name} match=${conditions.flows[name].match} owner=${ownerOf(conditions, name)} below=${below} place=${at} places=${names.length}
              open=${Boolean(open[name])} lit=${lit === name} ...${common} ...${flowActionsOf(name)} /></div>`)}
        <div class=${dropAt && dropAt.before === undefined ? "drop-before" : ""}>
          <${AddFlow} start=${draft} disabled=${disabled} onCancel=${() => setDraft(undefined)}
            onCheck=${(match, first) => placedFlow(api.check(newFlow(match, {}, first)), match)}
            onAdd=${(match, first) => placedFlow(addFlow(match, draft?.values ?? {}, first), match)} /></div>
      </div>
      <div class="sides">
        <${CallStats} stats=${model.stats} />
        <${TrafficTable} traffic=${model.traffic} lit=${lit} disabled=${disabled} onLight=${setLit}
          onPanel=${(row) => fromRow(row, {})} onLimit=${(row, rate) => fromRow(row, { [row.direction]: { rate } })} />
      </div>
    <//>
    <datalist id="uploaded-files">${files.map(({ name }) => html`<option key=${name} value=${name} />`)}</datalist>`;
}

// Shows a panel and puts the focus on its first slider of this direction.
function reveal(panels, name, direction) {
  const panel = [...panels.querySelectorAll("[data-panel]")].find((node) => node.dataset.panel === name);
  panel?.scrollIntoView({ block: "nearest" });
  panel?.querySelectorAll(".column")[DIRECTIONS.indexOf(direction)]?.querySelector("input")?.focus({ preventScroll: true });
}

// An error next to its own field is shown without the path of the field.
async function placed(request, panel, direction, values) {
  try {
    return await request;
  } catch (error) {
    const prefix = panel === ALL ? "" : `flows.${panel}.`;
    const place = Object.keys(values).map((name) => `${prefix}${direction}.${name}`).find((path) => error.message.startsWith(`${path}: `));
    throw place ? new Error(describeRefusal(error.message, place)) : error;
  }
}

async function placedFlow(request, match) {
  try {
    return await request;
  } catch (error) {
    throw new Error(describeRefusal(error.message, `flows.${match}`));
  }
}
