// A Janus session; the test plays the server.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Refused, Session } from "../../../images/janus/www/session.js";

let socket;

class FakeSocket {
  sent = [];

  constructor() {
    socket = this;
    setImmediate(() => this.onopen());
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {}

  say(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }

  answer(message) {
    this.say({ ...message, transaction: this.sent.at(-1).transaction });
  }
}

beforeEach(() => (globalThis.WebSocket = FakeSocket));

const turn = () => new Promise(setImmediate);

async function opened() {
  const opening = Session.open("ws://sfu:8188");
  await turn();
  await turn();
  socket.answer({ janus: "success", data: { id: 11 } });
  return opening;
}

async function attached(session, onEvent = () => {}) {
  const attaching = session.attach("plugin", onEvent);
  socket.answer({ janus: "success", data: { id: 22 } });
  return attaching;
}

test("a plugin's answer is the event, not the ack before it", async () => {
  const session = await opened();
  const handle = await attached(session);
  const asked = handle.ask({ request: "join" });
  socket.answer({ janus: "ack" });
  const plugindata = { data: { videoroom: "joined" } };
  socket.answer({ janus: "event", sender: 22, plugindata, jsep: { type: "offer" } });
  assert.deepEqual(await asked, { data: { videoroom: "joined" }, jsep: { type: "offer" } });
  const { session_id, handle_id, body } = socket.sent.at(-1);
  assert.deepEqual({ session_id, handle_id, body }, { session_id: 11, handle_id: 22, body: { request: "join" } });
  session.close();
});

test("a trickled candidate is answered by the ack", async () => {
  const session = await opened();
  const handle = await attached(session);
  const trickled = handle.trickle(null);
  socket.answer({ janus: "ack" });
  await trickled;
  assert.deepEqual(socket.sent.at(-1).candidate, { completed: true });
  session.close();
});

test("an error is raised to the caller", async () => {
  const session = await opened();
  const handle = await attached(session);
  const asked = handle.ask({ request: "join" });
  socket.answer({ janus: "event", sender: 22, plugindata: { data: { error_code: 426, error: "No such room" } } });
  await assert.rejects(asked, (error) => error instanceof Refused && error.message === "No such room");
  session.close();
});

test("unsolicited events go to their handle", async () => {
  const heard = [];
  const session = await opened();
  await attached(session, ({ janus }) => heard.push(janus));
  socket.say({ janus: "hangup", sender: 22 });
  socket.say({ janus: "hangup", sender: 33 });
  assert.deepEqual(heard, ["hangup"]);
  session.close();
});

test("a lost connection ends the session and rejects pending requests", async () => {
  const session = await opened();
  const handle = await attached(session);
  const asked = handle.ask({ request: "join" });
  socket.onclose();
  await assert.rejects(asked, /was lost/);
  assert.equal(await session.over, "the connection to the server was lost");
});
