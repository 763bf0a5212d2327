// Pictures are asked for only while somebody looks.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Pictures } from "../../../synthlab/dashboard/web/pictures.js";
import { ApiError } from "../../../synthlab/dashboard/web/shared.js";

globalThis.document = { hidden: false };
const turn = () => new Promise(setImmediate);

function looking(answers) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setInterval"] });
  document.hidden = false;
  const asked = [];
  const pictures = new Pictures(async (client, after) => {
    asked.push([client, after]);
    const answer = answers[client];
    if (answer instanceof Error) throw answer;
    return answer;
  }, () => {});
  return { asked, pictures };
}

test("new pictures are added to those that are shown, and the costs are summed", async () => {
  const { asked, pictures } = looking({ a: { pictures: { b: { jpeg: "AAAA" } }, count: 3, cpu_percent: 0.5 }, c: { pictures: {}, count: 0, cpu_percent: null } });
  assert.equal(pictures.cost, undefined);
  pictures.look(["a", "c"]);
  await turn();
  assert.equal(pictures.shown.a.b, "data:image/jpeg;base64,AAAA");
  assert.equal(pictures.cost, 0.5);
  mock.timers.tick(1000);
  await turn();
  assert.deepEqual(asked.slice(2), [["a", 3], ["c", 0]]);
});

test("there are none while the call is judged, and they come back by themselves", async () => {
  const answers = { a: { pictures: { b: { jpeg: "AAAA" } }, count: 1, cpu_percent: 0.5 } };
  const { asked, pictures } = looking(answers);
  pictures.look(["a"]);
  await turn();
  const tick = async () => { mock.timers.tick(1000); await turn(); };
  answers.a = { pictures: {}, count: 1, cpu_percent: 0.5, judged: true };
  await tick();
  assert.deepEqual([pictures.isJudged, pictures.shown, pictures.cost], [true, {}, undefined]);
  const before = asked.length;
  for (let count = 0; count < 3; count += 1) await tick();
  assert.equal(asked.length, before + 1);
  answers.a = { pictures: { b: { jpeg: "BBBB" } }, count: 2, cpu_percent: 0.5, judged: false };
  for (let count = 0; count < 3; count += 1) await tick();
  assert.equal(pictures.isJudged, false);
  assert.equal(pictures.shown.a.b, "data:image/jpeg;base64,BBBB");
});

test("nobody is asked while the page is hidden, or pictures are off", async () => {
  const { asked, pictures } = looking({ a: { pictures: {}, count: 0, cpu_percent: null } });
  pictures.look(["a"]);
  await turn();
  document.hidden = true;
  mock.timers.tick(3000);
  assert.equal(asked.length, 1);
  document.hidden = false;
  pictures.look([]);
  mock.timers.tick(3000);
  assert.equal(asked.length, 1);
  assert.deepEqual(pictures.shown, {});
});

test("a client without pictures is not asked again, one that only did not answer is", async () => {
  const { asked, pictures } = looking({ old: new ApiError("no such path"), starting: new TypeError("network") });
  pictures.look(["old", "starting"]);
  await turn();
  mock.timers.tick(1000);
  await turn();
  assert.deepEqual(asked.map(([client]) => client), ["old", "starting", "starting"]);
});
