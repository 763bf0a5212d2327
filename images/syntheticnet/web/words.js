// What the page says of drops, flows and changes, each as one readable line.

const DIRECTIONS = ["ingress", "egress"];

const seconds = (ns) => `${(ns / 1e9).toFixed(1)} s`;

// Every packet that did not pass, by its cause, since the forwarder's start.
export function causesTold({ dropped = {}, dropped_bytes: bytes = {} }) {
  const told = (own) => Object.entries(dropped)
    .filter(([cause, count]) => count && OWN_CAUSES.includes(cause) === own)
    .map(([cause, count]) => `${cause} ${count} (${bytes[cause] ?? 0} bytes)`).join(", ");
  const asked = told(false) ? `dropped so far: ${told(false)}` : "nothing dropped so far";
  return told(true) ? `${asked}; discarded by the lab itself, as this machine is too slow: ${told(true)}` : asked;
}

// What the forwarder discards by itself: no loss of the network that was asked for.
const OWN_CAUSES = ["stalled", "kernel", "memory", "send"];

export function flowTold(name, flow) {
  const called = flow.match ? `${name} (${flow.match})` : name;
  return linksTold(flow, `${called} `).join("; ") || `${called} as the link`;
}

// A change as it was asked for: "egress: loss 5%, rate none; *:udp egress: latency 80ms; seed 7".
export function changeTold(change) {
  const told = linksTold(change, "");
  if (change.flows === null) told.push("no flows");
  for (const [name, flow] of Object.entries(change.flows ?? {})) {
    told.push(flow === null ? `no flow ${name}` : flowTold(name, flow));
  }
  if ("seed" in change) told.push(`seed ${change.seed ?? "drawn"}`);
  return told.join("; ");
}

// A lease, or a change that waits for its time, with the time that is left.
export function entryTold({ change, replace, in_ns: begins, left_ns: ends }) {
  const what = replace ? `all becomes ${changeTold(replace) || "perfect"}` : changeTold(change);
  const times = [begins === undefined ? "" : `begins in ${seconds(begins)}`,
                 ends === undefined ? "" : `ends in ${seconds(ends)}`].filter(Boolean);
  return [what || "nothing", ...times].join(", ");
}

// An error as it is said beside the field that it is of, whose place needs no words there.
export function refusalTold(message, place) {
  return message.startsWith(`${place}: `) ? message.slice(place.length + 2) : message;
}

const linksTold = (owner, prefix) =>
  DIRECTIONS.filter((direction) => direction in owner).map((name) => `${prefix}${name}: ${valuesTold(owner[name])}`);

const valuesTold = (values) =>
  Object.entries(values ?? {}).map(([name, value]) => `${name.replaceAll("_", " ")} ${value ?? "none"}`).join(", ") ||
  "none";
