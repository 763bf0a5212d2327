// Connections that lose their path; the test plays the browser's events.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { connect } from "../../../images/janus/www/connection.js";

const TURN = [{ urls: ["turn:turn:3478?transport=tcp"] }];

let connection;
let transport;

class FakeConnection {
  constructor(configuration) {
    this.configuration = configuration;
    connection = this;
    transport = { type: "host", getSelectedCandidatePair: () => ({ local: { type: transport.type } }) };
  }

  getTransceivers() {
    return [{ receiver: { transport: { iceTransport: transport } } }];
  }

  become(state) {
    this.iceConnectionState = state;
    this.oniceconnectionstatechange();
  }

  select(type) {
    transport.type = type;
    transport.onselectedcandidatepairchange({ target: transport });
  }
}

/** Connect on a path of the given type; returns an object that counts restarts and notes failure. */
function connected(iceServers, way, restart = async () => {}) {
  const calls = { restarts: 0, failed: false };
  const restarted = () => (calls.restarts++, restart());
  connect({ trickle: async () => {} }, { iceServers }, restarted, () => (calls.failed = true));
  connection.become("checking");
  connection.select(way);
  connection.become("connected");
  return calls;
}

/** Time that passes only by `tick`, in any version of Node. */
class Clock {
  #now = 0;
  #timers = new Map();
  #count = 0;

  constructor() {
    globalThis.setTimeout = (act, ms) => (this.#timers.set(++this.#count, [this.#now + ms, act]), this.#count);
    globalThis.clearTimeout = (timer) => void this.#timers.delete(timer);
  }

  tick(ms) {
    this.#now += ms;
    for (const [timer, [due, act]] of this.#timers) {
      if (due > this.#now) continue;
      this.#timers.delete(timer);
      act();
    }
  }
}

let clock;

const turn = () => new Promise(setImmediate);

beforeEach(() => {
  globalThis.RTCPeerConnection = FakeConnection;
  clock = new Clock();
});

test("the TURN servers are passed to the browser", () => {
  connected(TURN, "host");
  assert.deepEqual(connection.configuration.iceServers, TURN);
});

test("without a TURN server a dead path fails after a wait", () => {
  const calls = connected([], "host");
  connection.become("disconnected");
  clock.tick(11_999);
  assert.deepEqual(calls, { restarts: 0, failed: false });
  clock.tick(1);
  assert.deepEqual(calls, { restarts: 0, failed: true });
});

test("a path that recovers in time does not fail", () => {
  const calls = connected([], "host");
  connection.become("disconnected");
  connection.become("connected");
  clock.tick(60_000);
  assert.deepEqual(calls, { restarts: 0, failed: false });
});

test("with a TURN server ICE is restarted once, as soon as the direct path is lost", () => {
  const calls = connected(TURN, "host");
  connection.become("disconnected");
  connection.become("checking");
  connection.select("relay");
  connection.become("connected");
  clock.tick(60_000);
  assert.deepEqual(calls, { restarts: 1, failed: false });
});

test("ICE is restarted when the browser switches to the relay, so that the server follows", () => {
  const calls = connected(TURN, "host");
  connection.select("relay");
  assert.equal(calls.restarts, 1);
});

test("a connection that starts on the relay needs no restart", () => {
  const calls = connected(TURN, "relay");
  assert.equal(calls.restarts, 0);
});

test("a recovered direct path triggers a restart when lost again", () => {
  const calls = connected(TURN, "host");
  connection.select("relay");
  connection.select("host");
  connection.become("disconnected");
  assert.equal(calls.restarts, 2);
});

test("a lost relay fails after a wait, as there is no alternative", () => {
  const calls = connected(TURN, "relay");
  connection.become("disconnected");
  clock.tick(12_000);
  assert.deepEqual(calls, { restarts: 0, failed: true });
});

test("a failed restart is a failure", async () => {
  const calls = connected(TURN, "host", async () => {
    throw new Error("no answer to message");
  });
  connection.become("disconnected");
  await turn();
  assert.equal(calls.failed, true);
});

test("a connection the browser declares failed is a failure", () => {
  const calls = connected(TURN, "host");
  connection.become("failed");
  assert.equal(calls.failed, true);
});
