// The rows of a lab's list: its clients, whoever takes part in the call from outside, and its servers.

import { DIRECTIONS, DIRECTION_MARKS, describeChange, describeValues, figure } from "./shared.js";

const SHOWN_FLOWS = 2;
const ROLE_WORDS = { client: "client", router: "router", sfu: "media server", turn: "TURN server", service: "service", outside: "outside" };

// The clients, the peers that they see and that are not of the lab, then servers.
export function participantsOf({ lab, numbers }) {
  const inside = lab?.participants ?? [];
  const known = new Set(inside.map(({ name }) => name));
  const seen = Object.values(numbers).flatMap(({ video, audio }) => [...Object.keys(video), ...Object.keys(audio)]);
  const outside = [...new Set(seen)].filter((name) => !known.has(name)).sort();
  const strangers = outside.map((name) => ({ name, role: "outside", state: "", health: "", conditioned: false, why_not: `${name} takes part from outside the lab` }));
  return [...inside.filter(({ role }) => role === "client"), ...strangers, ...inside.filter(({ role }) => role !== "client")];
}

// Whoever takes part in a call: sees others, is seen, or sends.
export const callersOf = (model) => {
  const named = participantsOf(model).filter(({ role }) => role === "client" || role === "outside").map(({ name }) => name);
  const seen = new Set(Object.values(model.numbers).flatMap(({ video, audio }) => [...Object.keys(video), ...Object.keys(audio)]));
  return named.filter((name) => seen.has(name) || publishes(model.numbers[name]));
};

const publishes = (numbers) => Object.values(numbers ?? {}).some((values) => Object.keys(values).length > 0);

export const roleWords = ({ role, app }) => (app ? `${app}` : ROLE_WORDS[role] ?? role);

// How a participant is, as {level, word}.
export function healthOf({ role, state, health, cut_off: isCutOff }, clientState) {
  if (role === "outside") return { level: "none", word: "in the call" };
  if (isCutOff && state === "running") return { level: "bad", word: "cut off" };
  if (state !== "running") return { level: state === "paused" ? "poor" : "bad", word: state };
  if (health === "starting") return { level: "poor", word: "starting" };
  if (health === "unhealthy") return { level: "bad", word: "unhealthy" };
  if (clientState?.error) return { level: "bad", word: "no answer" };
  if (clientState?.problem) return { level: "poor", word: "problem" };
  return { level: "good", word: "healthy" };
}

// What is set, as short texts: "↑ rate 100kbit", "2 flows".
export function chipsOf({ conditions = {}, leases = [] } = {}) {
  const links = DIRECTIONS.map((direction) => [direction, conditions[direction]]).filter(([, values]) => values && Object.keys(values).length);
  const [one, other] = links.map(([, values]) => JSON.stringify(values));
  const texts = links.length === 2 && one === other ? [`↕ ${describeValues(links[0][1])}`]
    : links.map(([direction, values]) => `${DIRECTION_MARKS[direction]} ${describeValues(values)}`);
  const flows = Object.entries(conditions.flows ?? {});
  texts.push(...flows.slice(0, SHOWN_FLOWS).map(([name, flow]) => describeChange({ flows: { [name]: flow } })));
  if (flows.length > SHOWN_FLOWS) texts.push(`${flows.length - SHOWN_FLOWS} more flows`);
  if (conditions.muted) texts.push("muted");
  if (conditions.state) texts.push(`state ${conditions.state}`);
  return texts.map((text) => ({ text, lease: leases.length > 0 }));
}

// What others measure of a participant, as {kind, from, text, title, isWrong}; errors are counted from the start.
export function probesOf(kinds = {}) {
  return Object.entries(kinds).map(([kind, { from, ...values }]) => {
    const { p50_ms: p50, p95_ms: p95, errors, requests, connections } = values;
    const tried = requests ?? connections;
    const times = p95 === undefined ? tried === undefined ? "no data" : "no answer" : `${figure(p50)} ms, p95 ${figure(p95)} ms`;
    const failed = errors ? `, ${figure(errors)} ${errors === 1 ? "error" : "errors"}` : "";
    const title = tried === undefined ? "" : `${figure(tried)} ${requests === undefined ? "connections" : "requests"}`;
    return { kind, from, text: `${times}${failed}`, title, isWrong: p95 === undefined };
  });
}

// The clients that a change can be made to.
export const changeable = (participants) => participants.filter(({ conditioned }) => conditioned).map(({ name }) => name);

// The value that all of these clients have, as {value}; {mixed: true} where they differ.
export function commonOf(values) {
  const [first] = values;
  return values.every((value) => value === first) ? { value: first, mixed: false } : { value: undefined, mixed: true };
}
