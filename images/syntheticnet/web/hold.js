// "Hold to break": an outage in both directions while a button is held. The outage is a lease of 900 ms, renewed every
// 300 ms, so that it ends by itself even if the page is killed.

export const LASTS = "900ms";
export const EVERY_MS = 300;

const BROKEN = { ingress: { outage: true }, egress: { outage: true } };

export class Hold {
  // `api` starts, renews and releases leases; `failed(error)` is called where that fails.
  constructor(api, failed = () => {}) {
    Object.assign(this, { api, failed, held: undefined });
  }

  // The outage must hold although all traffic is muted.
  async press(muted = false) {
    if (this.held) return;
    const held = this.held = {};
    held.body = muted ? { ...BROKEN, muted: null } : BROKEN;
    held.timer = setInterval(() => this.renew(held), EVERY_MS);
    await this.begin(held);
  }

  async begin(held) {
    try {
      held.id = (await this.api.change(held.body, LASTS)).entry.id;
      if (this.held !== held) await this.api.release(held.id);
    } catch (error) {
      this.end(held, error);
    }
  }

  async release() {
    const { held } = this;
    if (!held) return;
    this.end(held);
    try {
      if (held.id !== undefined) await this.api.release(held.id);
    } catch {
      // It has expired.
    }
  }

  async renew(held) {
    if (held.id === undefined) return;
    try {
      await this.api.renew(held.id, LASTS);
    } catch {
      // It expired because the page was stopped for a second; the button is still held.
      held.id = undefined;
      if (this.held === held) await this.begin(held);
    }
  }

  end(held, error = undefined) {
    clearInterval(held.timer);
    if (this.held === held) this.held = undefined;
    if (error) this.failed(error);
  }
}
