// A lab through its server, which the command starts: here a fake one.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Lab } from "../../javascript/synthlab/index.js";

const FAKE = fileURLToPath(new URL("./fakes/synthlab", import.meta.url));
const PACKAGE = new URL("../../javascript/synthlab/index.js", import.meta.url);

let file, labs;

beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "synthlab-")), "requests.json");
  labs = [];
  Object.assign(process.env, { SYNTHLAB_BIN: FAKE, FAKE_REQUESTS: file, FAKE_UP: "", FAKE_RUN: "null", FAKE_PROBLEM: "" });
  delete process.env.SYNTHLAB_LAB;
});
afterEach(async () => {
  await Promise.all(labs.map((lab) => lab.close()));
  rmSync(dirname(file), { recursive: true });
});

async function up(stack = "call.yaml", options) {
  const lab = await Lab.up(stack, options);
  labs.push(lab);
  return lab;
}

// What the server was asked: known once it has ended.
async function requests(lab, method) {
  await lab.close();
  return JSON.parse(readFileSync(file, "utf8")).filter((request) => request.method === method);
}

test("up waits for the lab, says its stages, and down removes it and ends the server", async () => {
  const lines = [];
  const lab = await up("call.yaml", { ttl: "30min", name: "call", progress: (line) => lines.push(line) });
  assert.equal(lab.name, "call");
  assert.deepEqual(lines, ["starting", "healthy"]);
  await lab.down();
  const [{ body }] = await requests(lab, "POST");
  assert.deepEqual(body, { stack: "call.yaml", keep: false, discard: true, ttl: "30min", name: "call" });
  assert.deepEqual((await requests(lab, "DELETE")).map(({ path }) => path), ["/v1/labs/call"]);
});

test("a class made from Lab brings up labs of its own kind", async () => {
  class OwnLab extends Lab {}
  const lab = await OwnLab.up("call.yaml");
  labs.push(lab);
  assert.ok(lab instanceof OwnLab);
});

test("a lab that does not come up is an error, and its server has ended", async () => {
  await assert.rejects(Lab.up("none.yaml"), { name: "WrongUse", message: "no stack 'none.yaml'" });
  assert.equal(JSON.parse(readFileSync(file, "utf8")).length, 2);
});

test("attach finds the only lab, or that of SYNTHLAB_LAB, and leaves it up", async () => {
  await assert.rejects(Lab.attach(), { name: "WrongUse", message: "attach: say which lab; running: none" });
  process.env.FAKE_UP = "yes";
  const lab = await Lab.attach();
  labs.push(lab);
  assert.equal(lab.name, "call");
  await lab[Symbol.asyncDispose]();
  assert.deepEqual(await requests(lab, "DELETE"), []);
  process.env.SYNTHLAB_LAB = "other";
  await assert.rejects(Lab.attach(), { message: "attach: no lab 'other'; running: call" });
});

test("the end of a block takes down what was brought up, unless it is to be kept", async () => {
  const lab = await up();
  await lab[Symbol.asyncDispose]();
  assert.equal((await requests(lab, "DELETE")).length, 1);
  const kept = await up("call.yaml", { keep: true });
  await kept[Symbol.asyncDispose]();
  assert.equal((await requests(kept, "DELETE")).length, 0);
});

test("a program that ends without `down` is not kept alive", async () => {
  const program = `import { Lab } from ${JSON.stringify(PACKAGE)}; console.log((await Lab.up("call.yaml")).name)`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], { timeout: 10_000 });
  assert.equal(stdout, "call\n");
});

test("no command, or a server that does not start, is an error that says what to do", async () => {
  process.env.FAKE_PROBLEM = "the engine does not answer; run `synthlab doctor`";
  const ended = "synthlab dashboard ended with status 3: the engine does not answer; run `synthlab doctor`";
  await assert.rejects(Lab.up("call.yaml"), { name: "SynthlabError", message: ended });
  process.env.SYNTHLAB_BIN = "/nowhere/synthlab";
  await assert.rejects(Lab.up("call.yaml"), { name: "SynthlabError", message: /cannot be run: ENOENT: install synthlab/ });
});

test("a client's change can be reverted, and is a lease if it has an end", async () => {
  const lab = await up();
  const bob = lab.client("bob");
  const change = await bob.set({ egress: { rate: "1mbit" } });
  assert.deepEqual((await bob.state()).base, { egress: { rate: "1mbit" } });
  await change.revert();
  assert.deepEqual((await bob.state()).base, {});
  const bite = await bob.set({ egress: { rate: "100kbit" } }, { for: "20s" });
  assert.deepEqual(Object.keys(bite.states), ["bob"]);
  await bite.renew("5s");
  await bite.revert();
  assert.deepEqual((await bob.state()).conditions, {});
  const [{ body }] = await requests(lab, "PUT");
  assert.deepEqual(body, { leases: { bob: 1 }, for: "5s" });
});

test("a group changes in one request, and each of its clients returns to its own values", async () => {
  const lab = await up();
  await lab.client("bot-1").set({ egress: { rate: "2mbit" } });
  const change = await lab.group("bot").set({ profile: "wpt/3g", flow: "*:udp", egress: { rate: "1mbit" } });
  assert.deepEqual(Object.keys(change.states), ["bot-1", "bot-2"]);
  const thin = await lab.group("bot").set({ egress: { rate: "1mbit" } });
  await thin.revert();
  assert.deepEqual((await lab.client("bot-1").state()).base.egress, { rate: "2mbit" });
  assert.deepEqual((await lab.client("bot-2").state()).base.egress, undefined);
  await assert.rejects(lab.group("cat").set({ loss: "1%" }), { message: "no client 'cat' in lab 'call'; there are: alice, bob, bot-1, bot-2" });
  await assert.rejects(lab.group("bot").set({ egress: { rate: "100kb" } }), { name: "WrongUse", message: /not a rate/ });
  const patched = (await requests(lab, "PATCH")).map(({ body }) => body);
  const expected = { clients: ["bot"], change: { egress: { rate: "1mbit" } }, profile: "wpt/3g", flow: "*:udp" };
  assert.deepEqual(patched[1], expected);
});

test("values in tc's words are translated by the server, shown, and reverted as what they mean", async () => {
  const lab = await up();
  const bob = lab.client("bob");
  await bob.set({ egress: { loss: "1%", loss_burst: "3p" } });
  const change = await bob.set({ netem: "loss 5%", egress: { rate: "1mbit" } });
  assert.deepEqual(change.netem["egress.netem"], { text: "loss 5%", values: { loss: "5%" }, cleared: ["loss_burst"], notes: [] });
  assert.deepEqual((await bob.state()).base, { ingress: { loss: "5%" }, egress: { loss: "5%", rate: "1mbit" } });
  await change.revert();
  assert.deepEqual((await bob.state()).base, { egress: { loss: "1%", loss_burst: "3p" } });
  const [, { body }] = await requests(lab, "PATCH");
  assert.deepEqual(body.change.egress, { netem: "loss 5%", rate: "1mbit" });
});

test("a profile is reverted with the values that it set", async () => {
  const lab = await up();
  const bob = lab.client("bob");
  const change = await bob.set({ profile: "wpt/3g" });
  assert.deepEqual((await bob.state()).base, { ingress: { rate: "1.6mbit" } });
  await change.revert();
  assert.deepEqual((await bob.state()).base, {});
});

test("a walk between states is set, left for another state, and ended by its revert", async () => {
  const lab = await up();
  const states = { good: { mean: "20s" }, gone: { mean: "2s", egress: { outage: true } } };
  const walk = await lab.group("bot").set({ states });
  await lab.client("bot-1").set({ state: "gone" });
  assert.deepEqual((await lab.client("bot-2").state()).base, { states });
  await walk.revert();
  assert.equal((await lab.client("bot-2").state()).base.states, undefined);
  const patched = (await requests(lab, "PATCH")).map(({ body }) => body.change);
  assert.deepEqual(patched.slice(0, 3), [{ states }, { state: "gone" }, { states: null }]);
});

test("all clients are reset, and what was paused or stopped runs again", async () => {
  const lab = await up();
  await lab.client("alice").pause();
  await lab.client("bob").stop();
  await lab.client("bot-1").set({ loss: "5%" });
  await lab.restore();
  assert.deepEqual((await lab.client("bot-1").state()).base, {});
  const actions = (await requests(lab, "POST")).map(({ path }) => path.split("/").slice(-2).join(" "));
  assert.deepEqual(actions.slice(1), ["alice pause", "bob stop", "alice unpause", "bob start"]);
});

test("video is read again each time, and judged by what is measured from now on", async () => {
  const lab = await up();
  const seen = lab.client("alice").video("bob");
  assert.equal(String(seen), "alice.video.bob");
  assert.deepEqual(JSON.parse(JSON.stringify(seen)), { client: "alice", kind: "video", participant: "bob" });
  assert.deepEqual(await seen.numbers(), { fps: 15, kbps: 600 });
  assert.deepEqual(await seen.baseline("500ms"), { fps: 15, kbps: 600 });
  const bite = await lab.client("bob").set({ egress: { rate: "100kbit" } }, { for: "20s" });
  const { tookMs } = await seen.expect({ fps: { max: 3 }, kbps: { max: 300 } }, { within: "3s" });
  assert.ok(tookMs >= 1000, String(tookMs));
  const missed = "alice.video.bob: expect 10 <= fps <= 30: not so within 1s: fps 2";
  await assert.rejects(seen.expect({ fps: { min: 10, max: 30 } }, { within: "1s" }), { name: "ExpectationFailed", message: missed });
  await bite.revert();
  assert.ok((await seen.recovers({ fps: { min: 10 } }, { within: "3s", for: "500ms" })).tookMs < 3000);
});

test("whoever reports hears of expectations in the words of scenarios", async () => {
  const lab = await up();
  const heard = [];
  lab.heard = ({ expression, verdict }) => heard.push([expression, verdict]);
  const seen = lab.client("alice").video("bob");
  await seen.expect({ fps: { min: 10, max: 20 }, kbps: { min: 300 } });
  await assert.rejects(seen.expect({ fps: { min: 10 } }, { negate: true }));
  await assert.rejects(lab.client("alice").video("bob: 2").expect({ fps: { min: 1 } }));
  await lab.expect("alice.video.bob.fps > 1");
  assert.deepEqual(heard, [
    ["10 <= alice.video.bob.fps <= 20 and alice.video.bob.kbps >= 300", "passed"],
    ["not (alice.video.bob.fps >= 10)", "failed"],
    ["alice.video.'bob: 2'.fps >= 1", "failed"],
    ["alice.video.bob.fps > 1", "passed"],
  ]);
});

test("what is not seen has no numbers, and holds nothing, not even a small one", async () => {
  const lab = await up();
  const nobody = lab.client("alice").video("carol");
  await assert.rejects(nobody.numbers(), { message: "alice.video.carol: no data in the last second; alice has: bob" });
  const failed = { name: "ExpectationFailed", message: "alice.video.carol: expect fps <= 1: not so: no data; alice has: bob" };
  await assert.rejects(nobody.expect({ fps: { max: 1 } }), failed);
  await assert.rejects(nobody.expect({ fps: { min: 1 } }, { negate: true }), { message: /expect not fps >= 1/ });
  await assert.rejects(nobody.expect({ fps: {} }), { name: "WrongUse" });
  await assert.rejects(nobody.baseline("250ms"), { message: "alice.video.carol: no data for 250ms" });
});

test("expressions", async () => {
  const lab = await up();
  await lab.expect("alice.video.bob.fps > 1");
  const failed = { name: "ExpectationFailed", message: "expect alice.video.bob.fps < 1: not so within 1s: 3" };
  await assert.rejects(lab.expect("alice.video.bob.fps < 1", { within: "1s" }), failed);
});

test("a partition is healed", async () => {
  const lab = await up();
  const cut = await lab.partition("alice", "sfu", { direction: "a-to-b", for: "10s" });
  assert.deepEqual(cut.leases, [7]);
  await cut.revert();
  const [{ body }] = await requests(lab, "DELETE");
  assert.deepEqual(body, { a: "alice", b: "sfu", direction: "a-to-b" });
});

test("a scenario that passes has steps and a report; any other verdict is an error of its kind", async () => {
  const run = { id: "1", scenario: "dog.yaml", state: "ended", verdict: "passed", reasons: [], steps: [{ step: 1, state: "passed" }] };
  process.env.FAKE_RUN = JSON.stringify(run);
  const played = await (await up()).play("dog.yaml", { seed: 7 });
  assert.deepEqual([played.verdict, played.steps.length, await played.report()], ["passed", 1, "<title>dog</title>"]);
  const kinds = { failed: "ExpectationFailed", inconclusive: "Inconclusive", "wrong use": "WrongUse" };
  for (const [verdict, name] of Object.entries(kinds)) {
    process.env.FAKE_RUN = JSON.stringify({ ...run, verdict, reasons: ["fps 2"] });
    const lab = await up();
    await assert.rejects(lab.play("dog.yaml"), (error) => {
      assert.deepEqual([error.name, error.message], [name, `dog.yaml: ${verdict}: fps 2`]);
      return error.run.id === "1";
    });
  }
});

test("a debugging port is reached through the server, with its token", async () => {
  const lab = await up();
  const { url, headers } = lab.client("alice").cdp();
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/v1\/labs\/call\/clients\/alice\/cdp$/);
  assert.deepEqual(headers, { authorization: "Bearer secret" });
});
