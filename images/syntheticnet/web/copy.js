// The conditions as text for other places: the command line, stack files, the API, tests in Python and TypeScript.

import { DIRECTIONS } from "./conditions.js";

export const FORMS = { command: "Command", yaml: "YAML", json: "JSON", python: "Python", typescript: "TypeScript" };

// `form` is a key of FORMS; `conditions` are without the seed.
export const copyText = (form, conditions, who) => WRITERS[form](conditions, who);

const WRITERS = { command: commands, yaml: (conditions) => yaml({ network: conditions }),
                  json: (conditions) => JSON.stringify(conditions, null, 2), python, typescript };

const STATES_FILE = "states.yaml";

function commands(conditions, { name, lab }) {
  const start = ["synthlab set", name || "CLIENT", ...(lab ? ["--lab", lab] : [])];
  const lines = (owner, flow) => {
    const [down, up] = DIRECTIONS.map((direction) => flags(owner[direction]));
    const where = flow === undefined ? [] : ["--flow", quoted(flow)];
    const line = (direction, values) => values.length
      ? [[...start, ...where, ...direction, ...values].join(" ")] : [];
    if (down.length && String(down) === String(up)) return line([], down);
    return [...line(["--ingress"], down), ...line(["--egress"], up)];
  };
  const all = [lines(conditions), ...Object.entries(conditions.flows ?? {}).map(([flow, owner]) => lines(owner, owner.match ?? flow))];
  if (conditions.dns) all.push(dnsCommand(conditions.dns, start));
  // Last: a change of other values takes these out of the states.
  if (conditions.states) all.push(statesCommands(conditions, start));
  return all.flat().join("\n") || "# nothing is set";
}

// Writes the file of states, and walks between them from the present one on.
function statesCommands({ states, state }, start) {
  const from = state === undefined || state === Object.keys(states)[0] ? [] : ["--state", state];
  return [`cat >${STATES_FILE} <<'END'`, `${yaml(states)}END`, [...start, "--states", STATES_FILE, ...from].join(" ")];
}

const dnsCommand = (dns, start) =>
  [...start, ...Object.entries(dns).map(([name, values]) => `--dns '${name}=${Object.values(values).join(",").replaceAll(" ", "")}'`)].join(" ");

const flags = (values = {}) =>
  Object.entries(values).flatMap(([name, value]) => [`--${name.replaceAll("_", "-")}`, quoted(String(value))]);

const quoted = (text) => (/^[\w.:%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

function python(conditions, { name }) {
  const rows = Object.entries(conditions).map(([key, value]) => `    ${key}=${pythonLiteral(value, "    ")},\n`);
  return rows.length ? `lab[${JSON.stringify(name || "client1")}].set(\n${rows.join("")})` : "# nothing is set";
}

const PYTHON_WORDS = new Map([[true, "True"], [false, "False"], [null, "None"]]);

function pythonLiteral(value, indent) {
  if (value === null || typeof value !== "object") return PYTHON_WORDS.get(value) ?? JSON.stringify(value);
  const deeper = `${indent}    `;
  const rows = Object.entries(value).map(([name, inner]) => `${deeper}${JSON.stringify(name)}: ${pythonLiteral(inner, deeper)},\n`);
  return rows.length ? `{\n${rows.join("")}${indent}}` : "{}";
}

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
