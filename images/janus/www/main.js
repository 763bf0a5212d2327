// Joins the room; rejoins whenever the network or the server ends the session.

import { Grid } from "./grid.js";
import { options } from "./options.js";
import { Room } from "./room.js";

const BACKOFF_MS = { first: 500, most: 2_000 };

// There is no echo and no noise in a beep, and looking for them costs as much as its video.
const AS_IT_IS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function main() {
  const settings = options(location);
  document.title = `${settings.name} · synthlab`;
  document.getElementById("room").textContent = `room ${settings.room}`;
  const grid = new Grid(document.getElementById("grid"), settings.name);
  const stream = await navigator.mediaDevices.getUserMedia({ audio: AS_IT_IS, video: settings.video });
  let connected = false;
  const onChange = (name, call) => {
    grid.set(name, call);
    if (connected) status("connected", inCall(grid.size));
  };
  for (let backoff = BACKOFF_MS.first; ; backoff = Math.min(backoff * 2, BACKOFF_MS.most)) {
    let room;
    try {
      status("waiting", "joining…");
      room = await Room.join(settings, stream, onChange);
      backoff = BACKOFF_MS.first;
      connected = true;
      status("connected", inCall(grid.size));
      status("waiting", await room.over);
    } catch (error) {
      status("waiting", error.message);
    }
    connected = false;
    room?.leave();
    await sleep(backoff);
  }
}

function inCall(count) {
  return count === 1 ? "nobody else is here yet" : `${count} in the call`;
}

function status(state, text) {
  console.info(`${state}: ${text}`);
  const line = document.getElementById("status");
  line.className = state;
  line.textContent = text;
}

main().catch((error) => status("failed", error.message));
