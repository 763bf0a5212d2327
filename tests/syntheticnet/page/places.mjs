// Where else a client can be looked at.

import assert from "node:assert/strict";
import { test } from "node:test";

import { placesOf } from "../../../images/syntheticnet/web/places.js";

const HOST = { hostname: "127.0.0.1", port: "3000" }, WITHIN = { hostname: "localhost", port: "" };
const COMMAND = { name: "Screen", command: "synthlab open client1 --screen --lab call" };
const LAB = { name: "Page of the lab", command: "synthlab dashboard" }, NUMBERS = { name: "WebRTC numbers", address: "/v1/stats" };
const client = (screen_port) => ({ name: "client1", lab: "call", screen_port });

test("the screen is linked where its port is known, and leads there", () => {
  assert.deepEqual(placesOf(client(5901), HOST), [{ name: "Screen", address: "vnc://127.0.0.1:5901" }, LAB, NUMBERS]);
  assert.deepEqual(placesOf(client(0), HOST), [COMMAND, LAB, NUMBERS]);
  assert.deepEqual(placesOf(client(5901), WITHIN), [COMMAND, LAB, NUMBERS]);
});

test("what is not there is not offered", () => {
  assert.deepEqual(placesOf(client(null), HOST), [LAB, NUMBERS]);
  assert.deepEqual(placesOf({ name: "", lab: "", screen_port: null }, HOST), [NUMBERS]);
});
