// One lab on the page: its stream of events feeds a model, and changes of several clients are made at one instant.

import { EMPTY, next } from "./lab_store.js";
import { Pictures } from "./pictures.js";
import { Hold, Sender } from "./shared.js";

export class LabSession {
  // `follow(listener)` begins to pass on events and returns what ends that; `changed()` is called when there is something
  // new to draw.
  constructor(name, api, follow, changed) {
    Object.assign(this, { name, api, changed, model: EMPTY, at_ms: 0, notice: undefined, spread_ms: undefined, picturing: true, runs: [] });
    this.sender = new Sender((target, { clients, change, lasts }) => this.made(api.change(name, clients, change, lasts)));
    this.pictures = new Pictures((client, after) => api.client(name, client).ask("GET", "/v1/pictures", { after }), changed);
    this.end = follow((event, data) => this.take(event, data));
    this.listRuns();
  }

  close() {
    this.end();
    this.pictures.look([]);
  }

  take(event, data) {
    const before = this.model;
    this.model = next(before, event, data);
    if (event === "states") this.at_ms = performance.now();
    if (event === "run" && (data.state === "ended" || before.run?.id !== data.id)) this.listRuns();
    this.takePictures();
    this.changed();
  }

  get running() {
    return this.model.lab?.running || (this.model.run?.state === "running" ? this.model.run.id : undefined);
  }

  // Who can take pictures.
  get browsers() {
    const all = this.model.lab?.participants ?? [];
    return all.filter(({ role, debugger: has, state }) => role === "client" && has && state === "running").map(({ name }) => name);
  }

  // No pictures while a scenario is judged: watching must not change what is measured.
  takePictures() {
    this.pictures.look(this.picturing && !this.running ? this.browsers : []);
  }

  showPictures(shown) {
    this.picturing = shown;
    this.takePictures();
    this.changed();
  }

  // Changes these clients at one instant; of several for one `target`, the last wins.
  change(clients, change, { target = "other", lasts } = {}) {
    return this.sender.put(target, { clients, change, lasts });
  }

  async made(request) {
    const answer = await request;
    this.spread_ms = answer.spread_ms;
    this.changed();
    return answer;
  }

  // "Hold to break" for these clients together.
  holdOf(clients) {
    const { api, name } = this;
    const entry = ({ leases }) => ({ entry: { id: leases } });
    return new Hold({ change: async (body, lasts) => entry(await api.change(name, clients, body, lasts)), renew: (leases, lasts) => api.renew(name, leases, lasts),
                      release: (leases) => api.release(name, leases) }, (error) => this.failed(error));
  }

  async listRuns() {
    try {
      this.runs = (await this.api.runs()).runs.filter(({ lab }) => lab === this.name);
      if (!this.model.run && this.runs.length) this.model = next(this.model, "run", this.runs[0]);
      this.changed();
    } catch (error) {
      this.failed(error);
    }
  }

  // Does something that may fail, and says so.
  async tried(act) {
    try {
      const text = await act();
      this.show(typeof text === "string" && text ? { text } : undefined);
    } catch (error) {
      this.failed(error);
    }
  }

  failed(error) { this.show({ text: error.message, wrong: true }); }

  show(notice) {
    this.notice = notice;
    this.changed();
  }
}
