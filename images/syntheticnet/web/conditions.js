// Conditions as JSON, and changes of them: what a slider shows, what dragging it requests, what a change amounts to.

import { SCALES, parseQuantity, writeQuantity } from "./units.js";

export const DIRECTIONS = ["ingress", "egress"];
export const ALL = "default";
export const MAIN = ["rate", "latency", "jitter", "loss"];

const isTrue = (value) => value === true || value === "true";

// The values of one direction of a panel: of all traffic, or of a flow.
export const linkOf = (conditions, panel, direction) => ownerOf(conditions, panel)?.[direction] ?? {};

export const ownerOf = (conditions, panel) => (panel === ALL ? conditions : conditions.flows?.[panel]);

// The values of one direction of a panel in a state; none without one.
export const stateLink = (state, panel, direction) => linkOf(state ?? {}, panel, direction);

export const flowNames = (conditions) => Object.keys(conditions.flows ?? {});

export const matchOf = (name, flow) => flow.match ?? name;

// Wraps values of one direction into the body of a change.
export const changeOf = (panel, direction, values) =>
  (panel === ALL ? { [direction]: values } : { flows: { [panel]: { [direction]: values } } });

// The number that a slider shows; undefined if the link does not set it.
export function mainValue(link, name) {
  if (name !== "rate") return name in link ? parseQuantity(SCALES[name].kind, link[name]) : undefined;
  if (isTrue(link.outage)) return 0;
  return "rate" in link ? parseQuantity("rate", link.rate) ?? Infinity : undefined;
}

// The values that put this number in force. `below` are the values of all traffic, which a flow shares unless it has
// its own: there, "no latency" has to be said, and letting packets pass ends the outage of all traffic too.
export function mainChange(name, number, link, below = {}) {
  const unset = number === SCALES[name].none;
  if (name !== "rate") {
    const shared = (mainValue(below, name) ?? 0) !== 0;
    return { [name]: unset && !shared ? null : writeQuantity(SCALES[name].kind, number) };
  }
  if (number === 0) return { outage: true };
  const rate = unset ? ("rate" in below || "rate_trace" in below ? "unlimited" : null) : writeQuantity("rate", number);
  // Always said: `link` may be from before an outage that this hand has just requested.
  const values = { rate, outage: isTrue(below.outage) ? false : null };
  if (!unset && "rate_trace" in link) values.rate_trace = null;
  return values;
}

// The values that make a flow share this one with all traffic again.
export const shareChange = (name, link) =>
  ({ [name]: null, ...(name === "rate" && link.outage !== undefined ? { outage: null } : {}) });

// How long a change of these values must last to be seen: as long as a lease that hides them, else `undefined`.
export function hidingLease(leases, panel, direction, names) {
  const hiding = leases.filter(({ change, replace }) => replace || names.some((name) => {
    const values = ownerOf(change ?? {}, panel)?.[direction];
    return values === null || (values !== undefined && name in values);
  }));
  return hiding.map(({ left_ns: left }) => left).filter(Boolean).sort((one, other) => other - one)[0];
}

// All values of both links of a panel cleared but for these: what applying a profile requests, as `synthlab set --profile`
// does. Nothing else changes: other flows, and whether the panel is muted.
export function profileChange(profile, names, panel = ALL) {
  const cleared = Object.fromEntries(names.map((name) => [name, null]));
  const links = Object.fromEntries(DIRECTIONS.map((direction) => [direction, { ...cleared, ...profile[direction] }]));
  return panel === ALL ? links : { flows: { [panel]: links } };
}

// The change that sets what a text in tc's words means, in these directions of a panel.
export function netemChange({ values, cleared }, directions, panel = ALL) {
  const own = { ...Object.fromEntries(cleared.map((name) => [name, null])), ...values };
  const links = Object.fromEntries(directions.map((direction) => [direction, own]));
  return panel === ALL ? links : { flows: { [panel]: links } };
}

// The names in another order: `name` moved to a position.
export function moved(names, name, to) {
  const others = names.filter((other) => other !== name);
  return [...others.slice(0, to), name, ...others.slice(to)];
}

// What is set, without the seed: for copying.
export function withoutSeed({ seed, ...conditions }) {
  return conditions;
}

// A flow under the name of its expression, put first: it is meant to be met before wider ones.
export const newFlow = (match, values = {}, first = false) =>
  ({ flows: { [match]: values }, ...(first ? { order: [match] } : {}) });

// The values of a flow without its name: those that a duplicate starts with.
export const valuesOf = ({ match, ...values }) => values;
