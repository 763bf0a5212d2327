// Parsing the page's options from its URL.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ice, iceServers, options, videoFormat } from "../../../images/janus/www/options.js";

test("every query parameter is read", () => {
  const asked = options(new URL("http://sfu:8080/?name=ada&room=7&video=640x360@30"));
  const video = { width: 640, height: 360, frameRate: 30 };
  assert.deepEqual(asked, { name: "ada", room: 7, video, ice: { iceServers: [] }, server: "ws://sfu:8188" });
});

test("defaults apply without parameters", () => {
  const asked = options(new URL("http://localhost:8080/"));
  assert.match(asked.name, /^guest-/);
  assert.equal(asked.room, 1234);
  assert.deepEqual(asked.video, { width: 320, height: 240, frameRate: 15 });
});

test("an invalid video format is rejected with the expected form", () => {
  assert.throws(() => videoFormat("big"), /'big' is not of the form 320x240@15/);
});

test("a TURN server is used over UDP and TCP with the given credentials", () => {
  const asked = options(new URL("http://sfu:8080/?name=ada&turn=lab:0a1b@turn:3478"));
  const urls = ["turn:turn:3478?transport=udp", "turn:turn:3478?transport=tcp"];
  assert.deepEqual(asked.ice.iceServers, [{ urls, username: "lab", credential: "0a1b" }]);
});

test("a TURN server without credentials is rejected with the expected form", () => {
  assert.throws(() => iceServers("turn:3478"), /'turn:3478' is not of the form user:password@turn:3478/);
});
