// The held outage: a lease that is renewed while the button is down.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Hold } from "../../../images/syntheticnet/web/hold.js";

const turn = () => new Promise(setImmediate);

function held() {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setInterval"] });
  const asked = [], failures = [];
  const answers = { change: async () => ({ entry: { id: 7 } }), renew: async () => ({}), release: async () => ({}) };
  const api = Object.fromEntries(Object.keys(answers).map((name) => [name, (...given) => { asked.push([name, ...given]); return answers[name](); }]));
  return { asked, failures, answers, hold: new Hold(api, (error) => failures.push(error.message)) };
}

const BROKEN = { ingress: { outage: true }, egress: { outage: true } };

test("a press breaks at once, is renewed every 300 ms, and ends with the release", async () => {
  const { asked, hold } = held();
  await hold.press();
  mock.timers.tick(650);
  await hold.release();
  mock.timers.tick(1000);
  assert.deepEqual(asked, [["change", BROKEN, "900ms"], ["renew", 7, "900ms"], ["renew", 7, "900ms"], ["release", 7]]);
});

test("a release that comes before the answer is not forgotten", async () => {
  const { asked, hold } = held();
  const pressed = hold.press();
  await hold.release();
  await pressed;
  assert.deepEqual(asked.map(([name]) => name), ["change", "release"]);
});

test("a lease that expired while the page was stopped begins again", async () => {
  const { asked, answers, hold } = held();
  await hold.press();
  answers.renew = async () => { throw new Error("no lease 7"); };
  mock.timers.tick(300);
  await turn();
  assert.deepEqual(asked.map(([name]) => name), ["change", "renew", "change"]);
});

test("a refusal is reported, and a second press while held does nothing", async () => {
  const { asked, answers, failures, hold } = held();
  await Promise.all([hold.press(), hold.press()]);
  assert.equal(asked.length, 1);
  await hold.release();
  answers.change = async () => { throw new Error("refused"); };
  await hold.press();
  assert.deepEqual(failures, ["refused"]);
});

test("the outage holds although all traffic is muted", async () => {
  const { asked, hold } = held();
  await hold.press(true);
  assert.deepEqual(asked[0][1], { ...BROKEN, muted: null });
  await hold.release();
});
