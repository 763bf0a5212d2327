// Matchers for what one participant sees of another: `await expect(alice.video("bob")).toHaveFps({ min: 10 })`.

import { ExpectationFailed, Inconclusive, WrongUse } from "synthlab";

export const matchers = {
  toHaveFps(media, range, options) {
    return match(this, "toHaveFps", media, { fps: range }, options);
  },

  toHaveKbps(media, range, options) {
    return match(this, "toHaveKbps", media, { kbps: range }, options);
  },

  // Any of its numbers: `{ freezes: { max: 0 }, height: { min: 480 } }`.
  toHaveNumbers(media, ranges, options) {
    return match(this, "toHaveNumbers", media, ranges, options);
  },

  // The same as `recovers`, for those who do not need the time it took.
  toRecover(media, ranges, { within, for: lasting } = {}) {
    return match(this, "toRecover", media, ranges, { within, for: lasting });
  },
};

async function match(state, name, media, ranges, { timeout = state.timeout, within = `${timeout}ms`, for: lasting } = {}) {
  if (typeof media?.expect !== "function") {
    throw new WrongUse(`${name}: expects what a client sees of another, such as lab.client("alice").video("bob")`);
  }
  try {
    await media.expect(ranges, { within, for: lasting, negate: state.isNot });
    return { name, pass: !state.isNot, message: () => `${media}` };
  } catch (error) {
    // Thrown, not returned: the name of the error is how a report tells it from a failure.
    if (error instanceof Inconclusive || !(error instanceof ExpectationFailed)) throw error;
    return { name, pass: state.isNot, message: () => error.message };
  }
}
