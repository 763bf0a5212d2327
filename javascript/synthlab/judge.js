// Waits until readings hold, and says how long that took or why they did not.

import { optionalMs, sleep } from "./durations.js";
import { ExpectationFailed, Inconclusive, SynthlabError } from "./errors.js";

const POLL_MS = 250;
const SLOWNESS_MS = 1000;

// Rates are means over the last second: until one has passed, they also count what was before.
export const SETTLE_MS = 1000;

const CLOCK = { now: () => performance.now(), sleep };

// `read` gives {holds, seen}; it must begin to hold `within` a time, and then hold `for` a time without a break.
// `slow` gives the lines that say why the machine is too slow to judge. Raises ExpectationFailed or Inconclusive.
// `heard` is told of the result, for a report, with `expression`: the same in the words of scenarios.
export async function judge({ what, expression = "", heard = () => {}, ...options }) {
  const { within, for: lasting, settleMs = 0 } = options;
  const asked = { text: what, expression, asked_ms: Date.now() };
  const times = { within_ms: optionalMs("within", within, settleMs), for_ms: optionalMs("for", lasting, 0) };
  const decided = (verdict, reason, more) => heard({ ...asked, ...times, ...more, verdict, reason, decided_ms: Date.now() });
  try {
    const result = await poll({ what, ...options });
    decided("passed", result.seen, { took_ms: result.tookMs });
    return result;
  } catch (error) {
    if (error instanceof ExpectationFailed) decided("failed", error.message);
    if (error instanceof Inconclusive) decided("inconclusive", error.message);
    throw error;
  }
}

async function poll({ what, read, slow, within, for: lasting, settleMs = 0, clock = CLOCK }) {
  const withinMs = optionalMs("within", within, settleMs);
  const lastingMs = optionalMs("for", lasting, 0);
  const began = clock.now();
  const reasons = new Set();
  const slowness = { due: began, slow, reasons };
  await clock.sleep(settleMs);
  for (let since; ; await clock.sleep(POLL_MS)) {
    const at = clock.now();
    const { holds, seen } = await read();
    await note(slowness, at);
    since = holds ? (since ?? at) : undefined;
    if (holds && clock.now() - since >= lastingMs) return { tookMs: Math.round(since - began), seen };
    if (!holds && at - began >= withinMs) {
      await note(slowness, Infinity);
      throw failed(what, within, lasting, seen, reasons);
    }
  }
}

// Look once a second, not at each reading: a state is larger than the statistics.
async function note(slowness, at) {
  if (!slowness.slow || at < slowness.due) return;
  slowness.due = at + SLOWNESS_MS;
  try {
    for (const line of await slowness.slow()) slowness.reasons.add(line);
  } catch (error) {
    if (!(error instanceof SynthlabError)) throw error;
  }
}

function failed(what, within, lasting, seen, reasons) {
  const when = [within && `within ${within}`, lasting && `for ${lasting}`].filter(Boolean).join(" ");
  const line = `${what}: not so${when && ` ${when}`}: ${seen}`;
  const [first] = reasons;
  return first ? new Inconclusive(`${line}; ${first}`) : new ExpectationFailed(line);
}
