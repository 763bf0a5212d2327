// Builds the change of conditions that the arguments of `set` ask for, and the change that undoes it.

import { WrongUse } from "./errors.js";

const DIRECTIONS = ["ingress", "egress"];
const OF_FLOW = [...DIRECTIONS, "match", "muted"];
const WHOLE = [...OF_FLOW, "flows", "order", "states", "state", "dns", "nat", "seed"];

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// The change in the API's form, and the flow and the profile that it is for. Values without a direction count in both.
// Flow and profile may be given with the values or with the times.
export function readChange(given, { flow = given.flow, profile = given.profile } = {}) {
  const { flow: _flow, profile: _profile, ...values } = given;
  const entries = Object.entries(values);
  const both = Object.fromEntries(entries.filter(([name]) => !WHOLE.includes(name)));
  const change = Object.fromEntries(entries.filter(([name]) => WHOLE.includes(name)));
  for (const direction of DIRECTIONS) {
    const own = change[direction];
    if (own !== null && (own || Object.keys(both).length)) change[direction] = { ...both, ...own };
  }
  const strange = flow && Object.keys(change).find((name) => !OF_FLOW.includes(name));
  if (strange) throw new WrongUse(`${strange}: not a value of the flow ${flow}: allowed are ${OF_FLOW.join(", ")}`);
  if (!Object.keys(change).length && !profile) {
    throw new WrongUse('nothing to set: give a value such as { loss: "5%" }, or a profile');
  }
  return { change, profile, flow };
}

// The path to the first `netem` of a change; undefined where there is none.
export function netemIn(change, place = "") {
  const own = DIRECTIONS.find((name) => isObject(change[name]) && "netem" in change[name]);
  if (own) return `${place}${own}.netem`;
  const flows = Object.entries(change.flows ?? {}).filter(([, flow]) => isObject(flow));
  return flows.map(([name, flow]) => netemIn(flow, `${place}flows.${name}.`)).find((path) => path !== undefined);
}

// A change of one flow, as a change of the client.
export const inFlow = (change, flow) => (flow ? { flows: { [flow]: change } } : change);

// `change` over `base`: objects key by key, other values replaced.
export function merged(base, change) {
  const both = { ...base };
  for (const [key, value] of Object.entries(change)) {
    both[key] = isObject(both[key]) && isObject(value) && key !== "nat" ? merged(both[key], value) : value;
  }
  return both;
}

// The change that restores the values that `change` names to those in `before`. Value by value, even where there was
// nothing before: null for a whole link would clear what others have set since.
export function undoing({ order, state, ...change }, before) {
  const back = undoingValues(change, before);
  const taken = Object.values(before.states ?? {}).some((one) => touches(change, one));
  if (taken) back.states = before.states;
  if (state && before.state) back.state = before.state;
  return order ? { ...back, order: Object.keys(before.flows ?? {}) } : back;
}

// Whether a change takes values out of this state.
const touches = (change, state) =>
  DIRECTIONS.some((name) => name in change && Object.keys(state[name] ?? {}).some((value) => !change[name] || value in change[name])) ||
  Object.entries(state.flows ?? {}).some(([name, flow]) =>
    change.flows === null || (name in (change.flows ?? {}) && (change.flows[name] === null || touches(change.flows[name], flow))));

function undoingValues(change, before) {
  const back = {};
  for (const [key, requested] of Object.entries(change)) {
    const old = before[key] ?? null;
    const link = DIRECTIONS.includes(key) || key === "flows" || key === "dns";
    const whole = ["states", "nat"].includes(key);
    back[key] = !whole && isObject(requested) && (isObject(old) || link) ? undoingValues(requested, old ?? {}) : old;
  }
  return back;
}
