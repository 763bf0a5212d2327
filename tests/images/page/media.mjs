// Opening microphone and camera.

import assert from "node:assert/strict";
import { test } from "node:test";

import { microphoneAndCamera } from "../../../images/janus/www/media.js";

class Stream {
  constructor(...tracks) {
    this.tracks = tracks;
  }
  getAudioTracks() {
    return this.tracks.filter(({ kind }) => kind === "audio");
  }
  addTrack(track) {
    this.tracks.push(track);
  }
  removeTrack(track) {
    this.tracks = this.tracks.filter((one) => one !== track);
  }
}

/** Devices whose microphone has this label; `asked` are the constraints that they were opened with. */
function devices(label) {
  const asked = [];
  const track = (kind, constraints) => ({ kind, label, constraints, stopped: false, stop() { this.stopped = true; } });
  const getUserMedia = async (constraints) => {
    asked.push(constraints);
    return new Stream(...Object.keys(constraints).map((kind) => track(kind, constraints[kind])));
  };
  return { asked, getUserMedia };
}

test("a person's microphone keeps its echo cancellation", async () => {
  const own = devices("Built-in microphone");
  const stream = await microphoneAndCamera(own, { width: 320 });
  assert.deepEqual(own.asked, [{ audio: true, video: { width: 320 } }]);
  assert.deepEqual(stream.tracks.map(({ kind }) => kind), ["audio", "video"]);
});

test("the fake microphone is opened again, without processing", async () => {
  const fake = devices("Fake Default Audio Input");
  const stream = await microphoneAndCamera(fake, { width: 320 });
  assert.equal(fake.asked.length, 2);
  assert.deepEqual(stream.tracks.map(({ kind }) => kind), ["video", "audio"]);
  assert.equal(stream.tracks[1].constraints.echoCancellation, false);
});
