// The lab's server, `synthlab dashboard`: started for one lab object, and ended with it.

import { once } from "node:events";
import { createInterface } from "node:readline";

import { startCommand } from "./command.js";
import { SynthlabError } from "./errors.js";
import { Http } from "./http.js";

const WORDS = ["dashboard", "--no-browser", "--json", "--stdin"];
const PATIENCE_MS = 60_000;
const KEPT_LINES = 20;

export class Dashboard {
  #child;
  #ended;

  constructor(child, { url, token }) {
    this.#child = child;
    this.#ended = once(child, "exit");
    this.api = new Http(url, { who: "synthlab", token });
  }

  // `cwd` is the folder below which stacks and scenarios may lie.
  static async start({ cwd } = {}) {
    const { child, failed } = startCommand(WORDS, { cwd });
    const problems = [];
    createInterface({ input: child.stderr }).on("line", (line) => problems.splice(0, problems.length - KEPT_LINES + 1, line));
    child.stderr.on("error", () => {});
    child.stdin.on("error", () => {});
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, "close").then(([status]) => {
      throw new SynthlabError(`synthlab dashboard ended with status ${status}: ${problems.at(-1) ?? "it said nothing"}`);
    });
    const [line] = await Promise.race([once(lines, "line"), failed, ended]);
    ended.catch(() => {});
    // A program that forgets to end it must be able to end: the server then sees the end of its standard input.
    for (const part of [child, child.stdin, child.stdout, child.stderr]) part.unref();
    return new Dashboard(child, JSON.parse(line));
  }

  // It ends by itself when its standard input does, with every lab that it brought up and must not keep.
  async close() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.ref();
    this.#child.stdin.end();
    const late = setTimeout(() => this.#child.kill(), PATIENCE_MS);
    await this.#ended;
    clearTimeout(late);
  }
}
