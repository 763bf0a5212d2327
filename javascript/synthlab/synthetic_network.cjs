// The class of Synthetic Network's own JavaScript client, for its scripts: they change only the line that loads it.
// It speaks `/qos` and `/top`, with that format's words and units: bit/s, milliseconds, shares from 0 to 1.
// CommonJS, because those scripts call `require`.

"use strict";

const PROTOCOLS = { "*": 0, icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 };
const LABEL = /^[A-Za-z0-9_]+$/;
const MAX_PORT = 65535;
const SLOT_BYTES = 24;

// One direction: each value is read without an argument, and set with one.
class Quality {
  constructor(values = {}) {
    const start = { rate: 10_000_000, loss: 0, latency: 0, jitter: 0, jitter_strength: 0, reorder_packets: false };
    this.values = { ...start, ...values };
  }

  rate(...given) {
    return this.#value("rate", given, Math.round);
  }

  loss(...given) {
    return this.#value("loss", given);
  }

  latency(...given) {
    return this.#value("latency", given, Math.round);
  }

  jitter(...given) {
    return this.#value("jitter", given, Math.round);
  }

  jitter_strength(...given) {
    return this.#value("jitter_strength", given);
  }

  reorder_packets(...given) {
    if (given.length) this.values.reorder_packets = Boolean(given[0]);
    return given.length ? this : this.values.reorder_packets;
  }

  toJSON() {
    return this.values;
  }

  #value(name, given, clean = (number) => number) {
    if (!given.length) return this.values[name];
    const number = clean(Number(given[0]));
    if (!Number.isFinite(number) || number < 0) {
      throw new RangeError(`${name}: ${JSON.stringify(given[0])} is not a number from 0 up`);
    }
    this.values[name] = number;
    return this;
  }
}

class Link {
  constructor({ ingress, egress } = {}) {
    this.ingress = new Quality(ingress);
    this.egress = new Quality(egress);
  }
}

// Where it matches, and its link.
class Flow {
  constructor(flow, link) {
    this.flow = flow;
    this.link = new Link(link);
  }
}

// The counters of one direction: `get()` reads them.
class Profile {
  constructor(network, direction) {
    this.network = network;
    this.direction = direction;
  }

  async get() {
    const answer = await ask(this.network, `/top/${this.direction}.profile`);
    return { flows: readSlots(new DataView(await answer.arrayBuffer())) };
  }
}

class SyntheticNetwork {
  constructor({ hostname = "localhost", port = 3000 } = {}) {
    this.hostname = hostname;
    this.port = port;
    this.default_link = new Link();
    this.flows = {};
    this.profiles = { ingress: new Profile(this, "ingress"), egress: new Profile(this, "egress") };
  }

  // Read what is in force into this object.
  async get() {
    const { default_link, flows } = await (await ask(this, "/qos")).json();
    this.default_link = new Link(default_link);
    this.flows = Object.fromEntries(flows.map(({ label, flow, link }) => [label, new Flow(flow, link)]));
    return this;
  }

  // Put in force what this object holds.
  async commit() {
    const flows = Object.entries(this.flows).map(([label, { flow, link }]) => ({ label, flow, link }));
    const body = JSON.stringify({ default_link: this.default_link, flows });
    await ask(this, "/qos", { method: "POST", headers: { "content-type": "application/json" }, body });
  }

  // A flow is written as in the control page, `*:udp:1-1000`, or as {ip, protocol, port_min, port_max}, any of them.
  addFlow(label, flow = {}) {
    if (!LABEL.test(label) || label === "default") {
      throw new RangeError(`${JSON.stringify(label)} is not a label: use letters, digits and _, but not "default"`);
    }
    if (Object.hasOwn(this.flows, label)) throw new RangeError(`there is a flow ${label} already`);
    this.flows[label] = new Flow(typeof flow === "string" ? parseFlow(flow) : readFlow(flow));
    return this.flows[label];
  }

  removeFlow(label) {
    if (!Object.hasOwn(this.flows, label)) {
      throw new RangeError(`no flow ${label}; there are: ${Object.keys(this.flows).join(", ") || "none"}`);
    }
    delete this.flows[label];
  }
}

async function ask({ hostname, port }, path, options) {
  const url = `http://${hostname}:${port}${path}`;
  let answer;
  try {
    answer = await fetch(url, options);
  } catch (error) {
    throw new Error(`no answer from ${url}: ${error.cause?.code ?? error.message}`, { cause: error });
  }
  if (!answer.ok) throw new Error(`${url}: ${await refusal(answer)}`);
  return answer;
}

async function refusal(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text).error;
  } catch {
    return `status ${answer.status}`;
  }
}

function parseFlow(expression) {
  const [ip, protocol, ports = "*", ...rest] = expression.split(":");
  const [low, high = low, ...more] = ports === "*" ? [0, MAX_PORT] : ports.split("-");
  if (rest.length || more.length) throw new RangeError(`${JSON.stringify(expression)} is not host[:protocol[:port[-port]]]`);
  return readFlow({ ip, protocol, port_min: low, port_max: high });
}

function readFlow({ ip = "*", protocol = "*", port_min = 0, port_max = MAX_PORT }) {
  const low = readNumber("port", port_min, 0, MAX_PORT);
  return { ip: readAddress(ip), protocol: readProtocol(protocol), port_min: low, port_max: readNumber("port", port_max, low, MAX_PORT) };
}

function readProtocol(protocol) {
  return Object.hasOwn(PROTOCOLS, protocol) ? PROTOCOLS[protocol] : readNumber("protocol", protocol, 0, 255);
}

// The first octet is the lowest byte.
function readAddress(address) {
  if (address === "*") return 0;
  if (typeof address === "number") return readNumber("ip", address, 0, 2 ** 32 - 1);
  const octets = String(address).split(".");
  if (octets.length !== 4) throw new RangeError(`ip: ${JSON.stringify(address)} is not an IPv4 address`);
  return octets.reduce((sum, octet, at) => sum + readNumber("ip", octet, 0, 255) * 256 ** at, 0);
}

function readNumber(what, value, low, high) {
  const number = value === "" ? NaN : Number(value);
  if (Number.isInteger(number) && number >= low && number <= high) return number;
  throw new RangeError(`${what}: ${JSON.stringify(value)} is not a whole number from ${low} to ${high}`);
}

// Slots of three words of 64 bits, little-endian: packets, bits, and `ip | protocol << 32 | port << 48`.
function readSlots(view) {
  const flows = {};
  for (let at = 0; at + SLOT_BYTES <= view.byteLength; at += SLOT_BYTES) {
    const packets = Number(view.getBigUint64(at, true));
    if (!packets) continue;
    const [ip, protocol, port] = [view.getUint32(at + 16, true), view.getUint8(at + 20), view.getUint16(at + 22, true)];
    flows[writeFlow(ip, protocol, port)] = { packets, bits: Number(view.getBigUint64(at + 8, true)) };
  }
  return flows;
}

function writeFlow(ip, protocol, port) {
  const address = [0, 8, 16, 24].map((shift) => (ip >>> shift) & 255).join(".");
  const name = Object.keys(PROTOCOLS).find((known) => PROTOCOLS[known] === protocol) ?? protocol;
  return `${address}:${name}:${port}`;
}

module.exports = SyntheticNetwork;
