// Quantities of conditions: the text of the API, the number behind it, what a person reads, and the stops of a slider.

const RATES = { bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 };
const TIMES_MS = { us: 1e-3, ms: 1, s: 1e3 };
const SHARES = { "%": 1 };

const KINDS = {
  rate: { scales: RATES, alone: { k: "kbit", m: "mbit", g: "gbit", b: "bit" } },
  time: { scales: TIMES_MS, alone: {} },
  share: { scales: SHARES, alone: {} },
};

const QUANTITY = /^([0-9]*[.,]?[0-9]+)\s*([a-zµ%/]*)$/;

// The number of a quantity in base units (bit/s, ms, percent), or undefined. `unit` is that of a bare number.
export function parseQuantity(kind, text, unit) {
  const { scales, alone } = KINDS[kind];
  const match = QUANTITY.exec(String(text).trim().toLowerCase());
  if (!match) return undefined;
  const word = match[2].replace(/\/s$/, "").replace("µ", "u") || unit;
  const scale = scales[alone[word] ?? word];
  return scale === undefined ? undefined : Number(match[1].replace(",", ".")) * scale;
}

// A number as the API's text, in the largest unit in which it is at least 1: 1500000 as "1.5mbit".
export function writeQuantity(kind, number) {
  const [unit, scale] = fitting(KINDS[kind].scales, number);
  return `${plain(number / scale)}${unit}`;
}

// A number for a person, as [number, unit]: ["1.5", "Mbit/s"].
export function showQuantity(kind, number) {
  if (kind === "time" && number < 1000) return [plain(number), "ms"];
  const [unit, scale] = fitting(KINDS[kind].scales, number);
  return [plain(number / scale), SHOWN[unit] ?? unit];
}

// The unit of the API's text for a unit that a person reads.
export const unitOf = (shown) => Object.keys(SHOWN).find((unit) => SHOWN[unit] === shown) ?? shown;

const SHOWN = { bit: "bit/s", kbit: "kbit/s", mbit: "Mbit/s", gbit: "Gbit/s" };

function fitting(scales, number) {
  const units = Object.entries(scales);
  return units.filter(([, scale]) => scale <= number).at(-1) ?? units[0];
}

const plain = (number) => String(Number(number.toPrecision(6)));

// Measured values, with as many digits as are worth reading.
export const formatRate = (bps) => {
  const [unit, scale] = fitting(RATES, Math.max(bps, 1e3));
  return `${digits(bps / scale)} ${SHOWN[unit]}`;
};
// A round number for an axis: "500 kbit/s", "20 ms".
export const axisOf = (kind) => (number) => showQuantity(kind, number).join(" ");
export const formatTime = (ms) => (ms < 1000 ? `${digits(ms)} ms` : `${digits(ms / 1000)} s`);
export const formatShare = (share) => `${digits(share * 100)} %`;
export const formatSeconds = (ns) => `${Math.max(0, ns / 1e9).toFixed(ns < 9.95e9 ? 1 : 0)} s`;

// Three figures at most: 1234 as "1234", 12.34 as "12.3", 0.123 as "0.12".
export function digits(number) {
  if (number === 0) return "0";
  if (number < 1) return number.toFixed(2);
  return number.toFixed(number < 10 ? 2 : number < 100 ? 1 : 0);
}

// The stops of a slider: each is a round number that differs from the last, so that an arrow key always changes it.
const range = (from, to, step) =>
  Array.from({ length: Math.round((to - from) / step) }, (_, at) => Number((from + at * step).toPrecision(6)));

const decade = (base) => [...range(1, 2, 0.1), ...range(2, 5, 0.2), ...range(5, 10, 0.5)]
  .map((number) => Number((number * base).toPrecision(6)));

const LATENCY = [...range(0, 20, 1), ...range(20, 50, 2), ...range(50, 100, 5), ...range(100, 200, 10),
                 ...range(200, 500, 20), ...range(500, 1000, 50), ...range(1000, 3000, 100), 3000];
const LOSS = [...range(0, 1, 0.1), ...range(1, 5, 0.5), ...range(5, 20, 1), ...range(20, 50, 2), ...range(50, 100, 5), 100];

// The four values that a slider sets. Rate: 0 is "nothing passes", Infinity "unlimited".
export const SCALES = {
  rate: { kind: "rate", stops: [0, ...[1e4, 1e5, 1e6, 1e7, 1e8].flatMap(decade), 1e9, Infinity], none: Infinity },
  latency: { kind: "time", stops: LATENCY, none: 0 },
  jitter: { kind: "time", stops: LATENCY.filter((ms) => ms <= 1000), none: 0 },
  loss: { kind: "share", stops: LOSS, none: 0 },
};

// The position of the stop that is nearest to a number; rates are compared by their ratio.
export function positionOf({ stops, kind }, number) {
  const place = kind === "rate" ? Math.log : (value) => value;
  if (stops.includes(number)) return stops.indexOf(number);
  const distances = stops.map((stop) => Math.abs(place(stop) - place(number)));
  return distances.indexOf(Math.min(...distances));
}
