// What one participant receives of another: lazy, read again each time it is asked.

import { parseMs, sleep } from "./durations.js";
import { SynthlabError, WrongUse } from "./errors.js";
import { judge, SETTLE_MS } from "./judge.js";

const FRESH_S = 1;
const SAMPLE_MS = 250;

export class Media {
  // `kind` is video or audio; `participant` the one that is seen or heard.
  constructor(client, kind, participant) {
    this.client = client;
    this.kind = kind;
    this.participant = participant;
  }

  // Its name in expressions and reports: `alice.video.bob`.
  get name() {
    return `${this.client.name}.${this.kind}.${this.participant}`;
  }

  toString() {
    return this.name;
  }

  toJSON() {
    return { client: this.client.name, kind: this.kind, participant: this.participant };
  }

  // The values measured last; an error where nothing was measured in the last second.
  async numbers() {
    const { numbers, others } = await this.#read();
    if (!numbers) throw new SynthlabError(`${this.name}: no data in the last second; ${this.client.name} has: ${others}`);
    return numbers;
  }

  // The mean of each value over a time that begins now.
  async baseline(lasting) {
    const samples = [];
    const end = performance.now() + parseMs("baseline", lasting);
    do {
      await sleep(SAMPLE_MS);
      const { numbers } = await this.#read();
      if (numbers) samples.push(numbers);
    } while (performance.now() < end);
    if (!samples.length) throw new SynthlabError(`${this.name}: no data for ${lasting}`);
    return means(samples);
  }

  // Wait until each value is in its range: `{ fps: { min: 10 }, kbps: { max: 300 } }`. Only what was measured since
  // now counts, so the first reading that can hold is one second old.
  async expect(ranges, { within, for: lasting, negate = false } = {}) {
    const expected = readRanges(ranges);
    const what = `${this.name}: expect ${negate ? "not " : ""}${expected.map(written).join(" and ")}`;
    const all = expected.map((one) => inWords(one, (name) => `${this.#expression}.${name}`)).join(" and ");
    return judge({
      what,
      expression: negate ? `not (${all})` : all,
      heard: (result) => this.client.lab.heard(result),
      within,
      for: lasting,
      settleMs: SETTLE_MS,
      slow: () => this.client.tooSlow([this.participant]),
      read: async () => {
        const { numbers, others } = await this.#read();
        const seen = numbers ? shown(expected, numbers) : `no data; ${this.client.name} has: ${others}`;
        return { holds: Boolean(numbers) && holds(expected, numbers) !== negate, seen };
      },
    });
  }

  // The same, as the time to recover.
  recovers(ranges, { within, for: lasting }) {
    return this.expect(ranges, { within, for: lasting });
  }

  // Its name as an expression takes it.
  get #expression() {
    const quoted = /^[\w-]+$/.test(this.participant) ? this.participant : `'${this.participant}'`;
    return `${this.client.name}.${this.kind}.${quoted}`;
  }

  async #read() {
    const { values = {}, age_s: ages = {} } = await this.client.stats();
    const all = ages[this.kind] <= FRESH_S ? (values[this.kind] ?? {}) : {};
    return { numbers: all[this.participant], others: Object.keys(all).join(", ") || `no ${this.kind}` };
  }
}

function readRanges(ranges) {
  const expected = Object.entries(ranges).map(([name, { min = -Infinity, max = Infinity }]) => ({ name, min, max }));
  const bounded = expected.filter(({ min, max }) => !Number.isNaN(min + max) && (min > -Infinity || max < Infinity));
  if (!expected.length || bounded.length < expected.length) {
    throw new WrongUse("expect: each value requires a number as `min`, `max` or both: { fps: { min: 10 } }");
  }
  return expected;
}

// A value that is not there is not a small one: it never holds.
const holds = (expected, numbers) => expected.every(({ name, min, max }) => numbers[name] >= min && numbers[name] <= max);

const written = (one) => inWords(one, (name) => name);

function inWords({ name, min, max }, named) {
  if (min > -Infinity && max < Infinity) return `${round(min)} <= ${named(name)} <= ${round(max)}`;
  return min > -Infinity ? `${named(name)} >= ${round(min)}` : `${named(name)} <= ${round(max)}`;
}

const shown = (expected, numbers) => expected.map(({ name }) => `${name} ${round(numbers[name])}`).join(", ");

const round = (value) => (value === undefined ? "no data" : String(Math.round(value * 10) / 10));

function means(samples) {
  const names = new Set(samples.flatMap((sample) => Object.keys(sample)));
  return Object.fromEntries([...names].map((name) => [name, mean(samples.map((sample) => sample[name]))]));
}

function mean(values) {
  const numbers = values.filter((value) => typeof value === "number");
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}
