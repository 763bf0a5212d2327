// The conditions as text for other places: the command line, stack files, the API, TypeScript.

import { DIRECTIONS } from "./conditions.js";

export const FORMS = { command: "Command", yaml: "YAML", json: "JSON", typescript: "TypeScript" };

// `form` is a key of FORMS; `conditions` are without the seed.
export const copyText = (form, conditions, who) => WRITERS[form](conditions, who);

const WRITERS = { command: commands, yaml: (conditions) => yaml({ network: conditions }),
                  json: (conditions) => JSON.stringify(conditions, null, 2), typescript };

function commands(conditions, { name, lab }) {
  const lines = (owner, flow) => {
    const [down, up] = DIRECTIONS.map((direction) => flags(owner[direction]));
    const where = flow === undefined ? [] : ["--flow", quoted(flow)];
    const line = (direction, values) => values.length
      ? [["synthlab set", name || "CLIENT", ...(lab ? ["--lab", lab] : []), ...where, ...direction, ...values].join(" ")] : [];
    if (down.length && String(down) === String(up)) return line([], down);
    return [...line(["--ingress"], down), ...line(["--egress"], up)];
  };
  const all = [lines(conditions), ...Object.entries(conditions.flows ?? {}).map(([flow, owner]) => lines(owner, owner.match ?? flow))];
  if (conditions.states) all.push(["# and --states FILE: a file with what YAML has below states"]);
  return all.flat().join("\n") || "# nothing is set";
}

const flags = (values = {}) =>
  Object.entries(values).flatMap(([name, value]) => [`--${name.replaceAll("_", "-")}`, quoted(String(value))]);

const quoted = (text) => (/^[\w.:%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

function typescript(conditions, { name }) {
  return `await lab.client(${JSON.stringify(name || "client1")}).set(${literal(conditions, "")});`;
}

function literal(value, indent) {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const deeper = `${indent}  `;
  const key = (name) => (/^[a-z_]\w*$/i.test(name) ? name : JSON.stringify(name));
  const rows = Object.entries(value).map(([name, inner]) => `${deeper}${key(name)}: ${literal(inner, deeper)},\n`);
  return rows.length ? `{\n${rows.join("")}${indent}}` : "{}";
}

function yaml(value, indent = "") {
  return Object.entries(value).map(([name, inner]) => {
    if (inner === null || typeof inner !== "object") return `${indent}${scalar(name)}: ${scalar(inner)}\n`;
    return Object.keys(inner).length ? `${indent}${scalar(name)}:\n${yaml(inner, `${indent}  `)}` : `${indent}${scalar(name)}: {}\n`;
  }).join("");
}

// Plain where YAML reads the same text again, quoted elsewhere.
function scalar(value) {
  if (typeof value !== "string") return String(value);
  const plain = /^[A-Za-z0-9_][\w.%/+-]*( [\w.%/+-]+)*$/.test(value) && !/^(\d[\d.]*|true|false|null|yes|no|on|off)$/i.test(value);
  return plain ? value : `'${value.replaceAll("'", "''")}'`;
}
