// A connection that loses its way, with the browser's events fed by hand.

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

/** A connection that has found its first way; tells how often it was restarted, and whether it has failed. */
function connected(iceServers, way, restart = async () => {}) {
  const seen = { restarts: 0, failed: false };
  const restarted = () => (seen.restarts++, restart());
  connect({ trickle: async () => {} }, iceServers, restarted, () => (seen.failed = true));
  connection.become("checking");
  connection.select(way);
  connection.become("connected");
  return seen;
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

test("the TURN servers are the browser's to use", () => {
  connected(TURN, "host");
  assert.deepEqual(connection.configuration.iceServers, TURN);
});

test("without a TURN server a dead path is waited for, and then given up", () => {
  const seen = connected([], "host");
  connection.become("disconnected");
  clock.tick(11_999);
  assert.deepEqual(seen, { restarts: 0, failed: false });
  clock.tick(1);
  assert.deepEqual(seen, { restarts: 0, failed: true });
});

test("a path that comes back in time is not given up", () => {
  const seen = connected([], "host");
  connection.become("disconnected");
  connection.become("connected");
  clock.tick(60_000);
  assert.deepEqual(seen, { restarts: 0, failed: false });
});

test("with a TURN server another way is negotiated as soon as the direct one is lost, once", () => {
  const seen = connected(TURN, "host");
  connection.become("disconnected");
  connection.become("checking");
  connection.select("relay");
  connection.become("connected");
  clock.tick(60_000);
  assert.deepEqual(seen, { restarts: 1, failed: false });
});

test("a browser that takes to the relay by itself has the server follow", () => {
  const seen = connected(TURN, "host");
  connection.select("relay");
  assert.equal(seen.restarts, 1);
});

test("who begins on the relay has nothing to negotiate", () => {
  const seen = connected(TURN, "relay");
  assert.equal(seen.restarts, 0);
});

test("after the direct way came back, its next loss counts again", () => {
  const seen = connected(TURN, "host");
  connection.select("relay");
  connection.select("host");
  connection.become("disconnected");
  assert.equal(seen.restarts, 2);
});

test("a lost relay is waited for, as there is no other way", () => {
  const seen = connected(TURN, "relay");
  connection.become("disconnected");
  clock.tick(12_000);
  assert.deepEqual(seen, { restarts: 0, failed: true });
});

test("where no other way can be negotiated all is lost", async () => {
  const seen = connected(TURN, "host", async () => {
    throw new Error("no answer to message");
  });
  connection.become("disconnected");
  await turn();
  assert.equal(seen.failed, true);
});

test("what the browser gives up is given up", () => {
  const seen = connected(TURN, "host");
  connection.become("failed");
  assert.equal(seen.failed, true);
});
