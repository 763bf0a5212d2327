// Server-sent events: parsing, and a stream from a server.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { parseEvents } from "../../javascript/synthlab/event_stream.js";
import { Client } from "../../javascript/synthlab/index.js";

async function* bytes(...texts) {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function all(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

test("an event may come in pieces, with comments in between", async () => {
  const stream = bytes(': hello\n\nevent: sta', 'te\ndata: {"name":\ndata: "alice"}\n', '\nevent: sample\r\ndata: 1\r\n\r\n', "data: 2\n");
  const expected = [
    { type: "state", data: { name: "alice" } },
    { type: "sample", data: 1 },
  ];
  assert.deepEqual(await all(parseEvents(stream)), expected);
});

test("a character that is cut in two is put together", async () => {
  const whole = new TextEncoder().encode('data: "ü"\n\n');
  async function* cut() {
    yield whole.slice(0, 8);
    yield whole.slice(8);
  }
  assert.deepEqual(await all(parseEvents(cut())), [{ type: "message", data: "ü" }]);
});

async function streaming(use) {
  const state = { open: 0, urls: [] };
  const server = createServer((request, response) => {
    state.urls.push(request.url);
    state.open += 1;
    response.on("close", () => (state.open -= 1));
    if (request.url.includes("nothing")) return void response.writeHead(503).end('{"error": "too many streams"}');
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write('event: state\ndata: {"n": 1}\n\n');
    if (request.url.includes("files")) setTimeout(() => response.destroy(), 100);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(new Client(`http://127.0.0.1:${server.address().port}`), state);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const until = async (reached) => {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 5));
};

test("leaving the loop ends the connection", () =>
  streaming(async (client, state) => {
    for await (const { type, data } of client.events({ only: ["state", "traffic"] })) {
      assert.deepEqual([type, data], ["state", { n: 1 }]);
      break;
    }
    await until(() => state.open === 0);
    assert.deepEqual(state.urls, ["/v1/events?only=state%2Ctraffic"]);
  }));

test("so does an aborted signal, without an error", () =>
  streaming(async (client, state) => {
    const stop = new AbortController();
    for await (const event of client.events({ signal: stop.signal })) setTimeout(() => stop.abort(), 1, event);
    await until(() => state.open === 0);
  }));

test("a stream that breaks off is an error, and so is a refused one", () =>
  streaming(async (client) => {
    await assert.rejects(all(client.events({ only: ["files"] })), { name: "SynthlabError", message: /broke off/ });
    await assert.rejects(all(client.events({ only: ["nothing"] })), { name: "SynthlabError", message: /too many streams/ });
  }));
