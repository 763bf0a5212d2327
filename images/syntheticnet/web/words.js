// Formats drops, flows and changes as text.

const DIRECTIONS = ["ingress", "egress"];

const seconds = (ns) => `${(ns / 1e9).toFixed(1)} s`;

// Packets dropped since the forwarder started, by cause.
export function describeCauses({ dropped = {}, dropped_bytes: bytes = {} }) {
  const list = (own) => Object.entries(dropped)
    .filter(([cause, count]) => count && OWN_CAUSES.includes(cause) === own)
    .map(([cause, count]) => `${cause} ${count} (${bytes[cause] ?? 0} bytes)`).join(", ");
  const configured = list(false) ? `Dropped so far: ${list(false)}` : "Nothing dropped so far";
  return list(true) ? `${configured}; discarded by the lab because this machine is too slow: ${list(true)}` : configured;
}

// Drops by the lab itself, not by the configured conditions.
const OWN_CAUSES = ["stalled", "kernel", "memory", "send"];

export function describeFlow(name, flow) {
  const title = flow.match ? `${name} (${flow.match})` : name;
  return describeLinks(flow, `${title} `).join("; ") || `${title} same as the link`;
}

// A requested change: "egress: loss 5%, rate none; *:udp egress: latency 80ms; seed 7".
export function describeChange(change) {
  const parts = describeLinks(change, "");
  if (change.flows === null) parts.push("no flows");
  for (const [name, flow] of Object.entries(change.flows ?? {})) {
    parts.push(flow === null ? `no flow ${name}` : describeFlow(name, flow));
  }
  if ("seed" in change) parts.push(`seed ${change.seed ?? "random"}`);
  return parts.join("; ");
}

// A lease or a scheduled change, with the time left.
export function describeEntry({ change, replace, in_ns: begins, left_ns: ends }) {
  const what = replace ? `replace all with ${describeChange(replace) || "a perfect network"}` : describeChange(change);
  const times = [begins === undefined ? "" : `starts in ${seconds(begins)}`,
                 ends === undefined ? "" : `ends in ${seconds(ends)}`].filter(Boolean);
  return [what || "no change", ...times].join(", ");
}

// An error as shown next to its field: without the path of the field.
export function describeRefusal(message, place) {
  return message.startsWith(`${place}: `) ? message.slice(place.length + 2) : message;
}

const describeLinks = (owner, prefix) =>
  DIRECTIONS.filter((direction) => direction in owner).map((name) => `${prefix}${name}: ${describeValues(owner[name])}`);

const describeValues = (values) =>
  Object.entries(values ?? {}).map(([name, value]) => `${name.replaceAll("_", " ")} ${value ?? "none"}`).join(", ") ||
  "none";
