// Quantities: what is typed, what the API gets, what a person reads, and the stops of the sliders.

import assert from "node:assert/strict";
import { test } from "node:test";

import { SCALES, digits, formatRate, formatTime, parseQuantity, positionOf, showQuantity, unitOf, writeQuantity } from "../../../images/syntheticnet/web/units.js";

test("a rate may be typed in any way that has a unit, and without one in the unit shown", () => {
  for (const text of ["1.5mbit", "1.5 Mbit/s", "1,5 m", "1500k", "1500000 bit"]) assert.equal(parseQuantity("rate", text), 1.5e6);
  assert.equal(parseQuantity("rate", "750", unitOf("kbit/s")), 750e3);
  assert.equal(parseQuantity("time", "1.5s"), 1500);
  assert.equal(parseQuantity("time", "250µs"), 0.25);
  assert.equal(parseQuantity("share", "5", "%"), 5);
});

test("what is no quantity is undefined", () => {
  for (const text of ["", "fast", "5", "5 miles", "-1ms", "1 2ms"]) assert.equal(parseQuantity("time", text), undefined);
});

test("a number is written in the largest unit in which it is at least 1, and shown so", () => {
  assert.equal(writeQuantity("rate", 1.5e6), "1.5mbit");
  assert.equal(writeQuantity("rate", 999e3), "999kbit");
  assert.equal(writeQuantity("time", 0), "0us");
  assert.equal(writeQuantity("time", 2500), "2.5s");
  assert.equal(writeQuantity("share", 0.1), "0.1%");
  assert.deepEqual(showQuantity("rate", 1.5e6), ["1.5", "Mbit/s"]);
  assert.deepEqual(showQuantity("time", 0), ["0", "ms"]);
  assert.deepEqual(showQuantity("time", 0.25), ["0.25", "ms"]);
});

test("every stop of a slider survives writing and reading, and has a position of its own", () => {
  for (const { kind, stops } of Object.values(SCALES)) {
    for (const [at, stop] of stops.entries()) {
      assert.equal(positionOf({ kind, stops }, stop), at);
      if (at) assert.ok(stop > stops[at - 1], `${stop} comes after ${stops[at - 1]}`);
      if (stop !== Infinity) assert.equal(parseQuantity(kind, writeQuantity(kind, stop)), stop);
    }
  }
});

test("a number between two stops is shown at the nearer one; rates are compared by their ratio", () => {
  const { rate, latency } = SCALES;
  assert.equal(rate.stops[positionOf(rate, 104e3)], 100e3);
  assert.equal(rate.stops[positionOf(rate, 5)], 10e3);
  assert.equal(rate.stops[positionOf(rate, 90e9)], 1e9);
  assert.equal(latency.stops[positionOf(latency, 101)], 100);
  assert.equal(latency.stops[positionOf(latency, 60000)], 3000);
});

test("measured values have three figures at most", () => {
  assert.deepEqual([0, 0.123, 1.234, 12.34, 123.4, 1234].map(digits), ["0", "0.12", "1.23", "12.3", "123", "1234"]);
  assert.equal(formatRate(0), "0 kbit/s");
  assert.equal(formatRate(1234567), "1.23 Mbit/s");
  assert.equal(formatTime(1234), "1.23 s");
});
