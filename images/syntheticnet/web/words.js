// What the page calls things: directions, changes, drops, traffic, who did what.

import { formatRate } from "./units.js";

export const DIRECTION_WORDS = { ingress: "Download", egress: "Upload" };
export const DIRECTION_MARKS = { ingress: "↓", egress: "↑" };

const DIRECTIONS = ["ingress", "egress"];

// Drops by the lab itself, not by the configured conditions.
const OWN_CAUSES = ["stalled", "kernel", "memory", "send"];

export const isOwnCause = (cause) => OWN_CAUSES.includes(cause);

export const conditionWords = (name) => name.replaceAll("_", " ");

// The groups in which "More" shows the values; those that it does not know come last.
const GROUPS = {
  Bottleneck: ["burst", "rate_trace", "queue", "overhead", "cell", "cell_overhead", "aqm", "codel_target", "codel_interval",
    "fq_quantum", "fq_flows", "pie_target", "pie_update", "pie_burst", "pie_ecn_threshold", "ecn"],
  Delay: ["distribution", "jitter_table", "jitter_share", "jitter_correlation", "reordering", "latency_limit", "delay_trace", "hold", "hold_every"],
  Loss: ["outage", "loss_burst", "loss_correlation", "loss_gemodel", "loss_state", "loss_every", "loss_list"],
  Order: ["reorder", "reorder_gap", "reorder_correlation", "early", "early_gap", "early_correlation"],
  Bursts: ["slot", "slot_jitter", "slot_distribution", "slot_packets", "slot_bytes"],
  Content: ["duplicate", "duplicate_correlation", "corrupt", "corrupt_correlation"],
  "Size and refusal": ["mtu", "mtu_answer", "reject"],
};

// The conditions of the schema but for `without`, as [group, conditions] pairs.
export function grouped(schema, without) {
  const known = Object.values(GROUPS).flat();
  const rest = schema.filter(({ name }) => !known.includes(name) && !without.includes(name));
  const groups = Object.entries(GROUPS).map(([group, names]) => [group, schema.filter(({ name }) => names.includes(name))]);
  return [...groups, ["Other", rest]].filter(([, conditions]) => conditions.length);
}

export function describeHelp({ help, needs, among }) {
  if (!needs?.length) return help;
  const words = among?.length ? ` ${among.join(" or ")}` : "";
  return `${help}; requires ${[needs].flat().map(conditionWords).join(" or ")}${words}`;
}

// "rate 100kbit, loss none".
export const describeValues = (values) =>
  Object.entries(values ?? {}).map(([name, value]) => describeValue(name, value)).join(", ") || "nothing set";

const describeValue = (name, value) => {
  if (name === "outage" && value !== null) return value === false || value === "false" ? "no outage" : "nothing passes";
  return `${conditionWords(name)} ${value ?? "none"}`;
};

// A requested change: "upload: loss 5%; *:udp upload: latency 80ms". Values of a profile that it clears are left out.
export function describeChange(change) {
  const parts = describeLinks(change, "");
  if (change.muted !== undefined) parts.push(change.muted ? "muted" : "not muted");
  if (change.flows === null) parts.push("no flows");
  for (const [name, flow] of Object.entries(change.flows ?? {})) parts.push(describeFlow(name, flow));
  if (change.order) parts.push("flows in another order");
  if (change.states !== undefined) parts.push(change.states ? `states ${Object.keys(change.states).join(", ")}` : "no states");
  if (change.state) parts.push(`state ${change.state}`);
  if (change.dns === null) parts.push("look-ups as they are");
  for (const [name, values] of Object.entries(change.dns ?? {})) parts.push(describeLookup(name, values));
  if ("seed" in change) parts.push(`seed ${change.seed ?? "random"}`);
  return parts.join("; ") || "no change";
}

const describeLookup = (name, values) => (values === null ? `look-ups of ${name} as they are` : `look-ups of ${name}: ${describeValues(values)}`);

function describeFlow(name, flow) {
  if (flow === null) return `no flow ${name}`;
  const title = flow.match ? `${name} (${flow.match})` : name;
  const parts = describeLinks(flow, `${title} `);
  if (flow.muted !== undefined) parts.push(`${title} ${flow.muted ? "muted" : "not muted"}`);
  return parts.join("; ") || `${title} as all traffic`;
}

function describeLinks(owner, prefix) {
  const links = DIRECTIONS.filter((direction) => direction in owner).map((direction) => [direction, given(owner[direction])]);
  const [one, other] = links.map(([, values]) => JSON.stringify(values));
  if (links.length === 2 && one === other) return [`${prefix}both directions: ${describeValues(links[0][1])}`];
  return links.map(([direction, values]) =>
    `${prefix}${DIRECTION_WORDS[direction].toLowerCase()}: ${describeValues(values)}`);
}

// The values of a change that are given; if all are cleared, these.
function given(values) {
  const set = Object.entries(values ?? {}).filter(([, value]) => value !== null);
  return set.length ? Object.fromEntries(set) : values;
}

// A lease or a scheduled change in a few words, without its times.
export const describeEntry = ({ change, replace }) =>
  (replace ? `all replaced: ${describeChange(replace)}` : describeChange(change ?? {}));

// An error as shown next to its field: without the path of the field.
export const describeRefusal = (message, place) =>
  (message.startsWith(`${place}: `) ? message.slice(place.length + 2) : message);

// Drops per second by cause, those of the lab itself last: "loss 5/s; machine too slow: stalled 3/s".
export function describeDrops(dropped = {}) {
  const list = (own) => Object.entries(dropped)
    .filter(([cause, count]) => count && isOwnCause(cause) === own)
    .map(([cause, count]) => `${cause} ${count < 10 ? Number(count.toFixed(1)) : Math.round(count)}/s`).join(", ");
  return [list(false), list(true) && `machine too slow: ${list(true)}`].filter(Boolean).join("; ");
}

// What to say of a rate in bit/s above what the forwarder estimates that it can forward; undefined of any other.
export function describeReach(rate, reach) {
  if (!(rate > reach) || rate === Infinity) return undefined;
  return `${formatRate(rate)} is out of reach: this machine forwards about ${formatRate(Number(reach.toPrecision(2)))} (an estimate)`;
}

export const sumOf = (dropped = {}, own) =>
  Object.entries(dropped).reduce((sum, [cause, count]) => sum + (own === undefined || isOwnCause(cause) === own ? count : 0), 0);

const WHO = { page: "page", command: "command line", startup: "start", python: "Python", pytest: "pytest",
              javascript: "JavaScript", api: "API" };

export const describeWho = (by) => WHO[by] ?? by;

// Who a row of traffic is with, and what it is: "sfu" and "video VP8", "10.0.0.2" and "tcp :443".
export const remoteWords = ({ name, remote }) => name ?? remote;

const MEDIA = ["rtp", "rtcp"];

export function trafficWords({ kind, codec, media, payload_type: type, protocol, port }) {
  const what = kind ? [kind, codec] : media === "rtp" ? ["rtp", type] : [media ?? protocol];
  return [...what, !MEDIA.includes(media) && port !== null && `:${port}`].filter((part) => part !== null && part !== undefined && part !== false)
    .join(" ");
}

// The client's health in a word, with a sentence for more. `level` is good, poor or bad.
export function describeHealth({ state, connected, waited }) {
  if (!state) return { level: "poor", word: waited ? "No answer" : "Connecting", more: "Waiting for this client's API" };
  if (!connected) return { level: "bad", word: "No answer", more: "This client does not answer; trying again" };
  const { state: word, restarts } = state.forwarder;
  const again = restarts ? `; its forwarder restarted ${restarts} time${restarts === 1 ? "" : "s"}` : "";
  if (word && !["well", "up", "healthy"].includes(word)) {
    return { level: "bad", word: FORWARDER[word] ?? word, more: `The forwarder is ${word}${again}` };
  }
  const p99 = Math.max(0, ...DIRECTIONS.map((direction) => state.forwarder.lateness?.[direction]?.p99_ms ?? 0));
  if (p99 > SLOW_MS) return { level: "poor", word: "Machine busy", more: `Packets leave up to ${p99.toFixed(0)} ms late${again}` };
  if (state.problem) return { level: "poor", word: "Problem", more: String(state.problem) };
  return { level: "good", word: "Healthy", more: `Packets leave at most ${p99.toFixed(1)} ms late${again}` };
}

const SLOW_MS = 20;
const FORWARDER = { starved: "Machine too slow" };

// Which value a WebRTC row shows, rounded; a dash for what is not known.
export const figure = (value, places = 0) => (typeof value === "number" ? value.toFixed(places) : "–");

// Rows of the participants that this client sees: {peer, video, audio}.
export function seen({ video = {}, audio = {} }) {
  const peers = [...new Set([...Object.keys(video), ...Object.keys(audio)])].sort();
  return peers.map((peer) => ({ peer, video: video[peer], audio: audio[peer] }));
}
