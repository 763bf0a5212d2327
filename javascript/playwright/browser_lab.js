// A lab whose clients have pages: Playwright's, in the browsers of the lab.

import { chromium } from "@playwright/test";
import { Lab, LabClient, SynthlabError } from "synthlab";

const PATIENCE_MS = 20_000;
const POLL_MS = 250;

export class BrowserLab extends Lab {
  #browsers = new Map();

  // The runs of scenarios since the last `forget`, for the evidence of a test.
  runs = [];

  // The results of expectations since the last `watch`, for the same.
  judged = [];

  // A test begins: the server measures until `unwatch`, for the report of the test.
  async watch(name, file) {
    this.judged.length = 0;
    await this.api.json("PUT", `${this.path}/watch`, { body: { name, file } });
  }

  unwatch() {
    return this.api.json("DELETE", `${this.path}/watch`);
  }

  // The HTML page of the test that is watched.
  report(verdict, reason) {
    return this.api.sent("POST", `${this.path}/watch/report`, { verdict, reason, expectations: this.judged });
  }

  heard(result) {
    this.judged.push(result);
  }

  client(name) {
    return new BrowserClient(this, name);
  }

  // The connection to a client's browser, which its tests share.
  browser(name) {
    const known = this.#browsers.get(name);
    if (known) return known;
    const connected = connect(this.client(name));
    const forget = () => this.#browsers.delete(name);
    connected.then((browser) => browser.once("disconnected", forget), forget);
    this.#browsers.set(name, connected);
    return connected;
  }

  async play(scenario, options) {
    try {
      const run = await super.play(scenario, options);
      this.runs.push(run);
      return run;
    } catch (error) {
      if (error.run) this.runs.push(error.run);
      throw error;
    }
  }

  async close() {
    const open = await Promise.allSettled(this.#browsers.values());
    await Promise.allSettled(open.map(({ value }) => value?.close()));
    await super.close();
  }
}

export class BrowserClient extends LabClient {
  // A page of its browser, loaded: the first one, or the first whose address `url` matches.
  async page({ url = "" } = {}) {
    const browser = await this.lab.browser(this.name);
    const matches = url instanceof RegExp ? (address) => url.test(address) : (address) => address.includes(url);
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const pages = browser.contexts().flatMap((context) => context.pages());
      const found = pages.find((page) => /^https?:/.test(page.url()) && matches(page.url()));
      if (found) {
        await found.waitForLoadState("load");
        return found;
      }
      if (Date.now() > deadline) {
        const open = pages.map((page) => page.url()).join(", ") || "none";
        throw new SynthlabError(`${this.name}: no page${url && ` with ${url} in its address`}; open: ${open}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

// The browser of a client may still be starting.
async function connect(client) {
  const { url, headers } = client.cdp();
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await chromium.connectOverCDP(url, { headers, timeout: PATIENCE_MS });
    } catch (error) {
      if (Date.now() > deadline) {
        const reason = error.message.split("\n")[0];
        throw new SynthlabError(`${client.name}: no connection to its browser: ${reason}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
