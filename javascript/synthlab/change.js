// Builds the change of conditions that the arguments of `set` ask for, and the change that undoes it.

import { WrongUse } from "./errors.js";

const DIRECTIONS = ["ingress", "egress"];
const WHOLE = [...DIRECTIONS, "flows", "order", "muted", "seed"];

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// The change in the API's form, and the profile that it starts from. Values without a direction count in both;
// with a flow, they and those of a direction apply to it. Flow and profile may be given with the values or the times.
export function readChange(given, { flow = given.flow, profile = given.profile } = {}) {
  const { flow: _flow, profile: _profile, ...values } = given;
  const whole = Object.fromEntries(Object.entries(values).filter(([name]) => WHOLE.includes(name)));
  const both = Object.fromEntries(Object.entries(values).filter(([name]) => !WHOLE.includes(name)));
  const links = {};
  for (const direction of DIRECTIONS) {
    const own = whole[direction];
    if (own === null) links[direction] = null;
    else if (own || Object.keys(both).length) links[direction] = { ...both, ...own };
    delete whole[direction];
  }
  const change = flow ? merged(whole, { flows: { [flow]: links } }) : { ...whole, ...links };
  if (flow && !Object.keys(links).length) delete change.flows[flow];
  if (change.flows && !Object.keys(change.flows).length) delete change.flows;
  if (!Object.keys(change).length && !profile) {
    throw new WrongUse('nothing to set: give a value such as { loss: "5%" }, or a profile');
  }
  return { change, profile, flow };
}

// `change` over `base`: objects key by key, other values replaced.
export function merged(base, change) {
  const both = { ...base };
  for (const [key, value] of Object.entries(change)) {
    both[key] = isObject(both[key]) && isObject(value) ? merged(both[key], value) : value;
  }
  return both;
}

// The change that restores the values that `change` names to those in `before`. Value by value, even where there was
// nothing before: null for a whole link would clear what others have set since.
export function undoing({ order, ...change }, before) {
  const back = undoingValues(change, before);
  return order ? { ...back, order: Object.keys(before.flows ?? {}) } : back;
}

function undoingValues(change, before) {
  const back = {};
  for (const [key, requested] of Object.entries(change)) {
    const old = before[key] ?? null;
    const link = DIRECTIONS.includes(key) || key === "flows";
    back[key] = isObject(requested) && (isObject(old) || link) ? undoingValues(requested, old ?? {}) : old;
  }
  return back;
}
