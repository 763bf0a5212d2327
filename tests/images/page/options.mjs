// What the page's address asks for.

import assert from "node:assert/strict";
import { test } from "node:test";

import { options, videoFormat } from "../../../images/janus/www/options.js";

test("every part of the address counts", () => {
  const asked = options(new URL("http://sfu:8080/?name=ada&room=7&video=640x360@30"));
  const video = { width: 640, height: 360, frameRate: 30 };
  assert.deepEqual(asked, { name: "ada", room: 7, video, server: "ws://sfu:8188" });
});

test("nothing is asked for", () => {
  const asked = options(new URL("http://localhost:8080/"));
  assert.match(asked.name, /^guest-/);
  assert.equal(asked.room, 1234);
  assert.deepEqual(asked.video, { width: 320, height: 240, frameRate: 15 });
});

test("a video format that makes no sense is refused with the form that is allowed", () => {
  assert.throws(() => videoFormat("big"), /'big' is not of the form 320x240@15/);
});
