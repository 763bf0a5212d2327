// A client of a lab: its own API through the lab's server, changes at the lab's, and its container.

import { Client } from "./client.js";
import { Media } from "./media.js";
import { tooSlow } from "./slowness.js";

export class LabClient extends Client {
  constructor(lab, name) {
    super(lab.api.below(`${lab.path}/clients/${name}/api`, name));
    this.lab = lab;
    this.name = name;
  }

  toString() {
    return this.name;
  }

  set(change, times) {
    return this.lab.group(this.name).set(change, times);
  }

  reset() {
    return this.lab.group(this.name).reset();
  }

  // What it sees of another participant, or hears.
  video(participant) {
    return new Media(this, "video", participant);
  }

  audio(participant) {
    return new Media(this, "audio", participant);
  }

  // Why this machine was too slow, in the last second, for what this client or `others` measured.
  async tooSlow(others = []) {
    const conditioned = new Set(await this.lab.names());
    const names = [this.name, ...others.filter((other) => conditioned.has(other))];
    const states = await Promise.all(names.map((name) => this.lab.client(name).state()));
    return names.flatMap((name, at) => tooSlow(name, states[at]));
  }

  // The address of its browser's debugging port, and the headers that a request to it needs.
  cdp() {
    return { url: `${this.lab.api.url}${this.lab.path}/clients/${this.name}/cdp`, headers: this.lab.api.headers };
  }

  pause() {
    return this.#act("pause");
  }

  unpause() {
    return this.#act("unpause");
  }

  stop() {
    return this.#act("stop");
  }

  // Start it after `stop`; its conditions are those of the stack again.
  start() {
    return this.#act("start");
  }

  restart() {
    return this.#act("restart");
  }

  async #act(action) {
    await this.lab.api.json("POST", `${this.lab.path}/clients/${this.name}/${action}`);
  }
}
