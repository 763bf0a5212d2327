// One client on a page: its stream of events feeds a model, and changes are made in the page's name.

import { Changes } from "./changes.js";
import { Hold } from "./hold.js";
import { EMPTY, next } from "./store.js";

export class Session {
  // `follow(listener)` begins to pass on events and returns what ends that; `changed()` is called when there is something
  // new to draw. `translate(text)` says what words of tc-netem mean; a client's own API does not know.
  constructor(api, follow, changed, translate = undefined) {
    Object.assign(this, { api, changed, translate, model: EMPTY, at_ms: 0, notice: undefined });
    this.changes = new Changes(api, () => this.model.state, (state) => this.take("state", state));
    this.hold = new Hold({ change: (body, lease) => this.kept(api.change(body, lease)), renew: (id, lasts) => api.renew(id, lasts),
                           release: (id) => this.kept(api.release(id)) },
      (error) => this.show({ text: error.message, wrong: true }));
    this.end = follow((name, data) => this.take(name, data));
  }

  take(name, data) {
    const before = this.model.state;
    this.model = next(this.model, name, data);
    if (this.model.state !== before) this.at_ms = performance.now();
    this.changed();
  }

  async kept(request) {
    const answer = await request;
    this.take("state", answer);
    return answer;
  }

  // `notice` is {text, wrong}, or undefined for none.
  show(notice) {
    this.notice = notice;
    this.changed();
  }
}
