// A scenario that the lab's server plays.

import { sleep } from "./durations.js";
import { ExpectationFailed, Inconclusive, SynthlabError, WrongUse } from "./errors.js";

const POLL_MS = 250;

export class Run {
  #answer;

  constructor(lab, answer) {
    this.lab = lab;
    this.#answer = answer;
  }

  // Follow it to its end. An error where it did not pass, with the run as its `run`.
  static async follow(lab, id) {
    for (;;) {
      const answer = await lab.api.get(`/v1/runs/${id}`);
      if (answer.state === "ended") return new Run(lab, answer).#passed();
      await sleep(POLL_MS);
    }
  }

  get id() {
    return this.#answer.id;
  }

  get verdict() {
    return this.#answer.verdict;
  }

  get steps() {
    return this.#answer.steps;
  }

  // The HTML page of the run; the server keeps the last 20.
  report() {
    return this.lab.api.text(`/v1/runs/${this.id}/report`);
  }

  #passed() {
    if (this.verdict === "passed") return this;
    const kinds = { failed: ExpectationFailed, inconclusive: Inconclusive, "wrong use": WrongUse };
    const Kind = kinds[this.verdict] ?? SynthlabError;
    const reasons = [this.verdict, ...this.#answer.reasons].join(": ");
    throw Object.assign(new Kind(`${this.#answer.scenario}: ${reasons}`), { run: this });
  }
}
