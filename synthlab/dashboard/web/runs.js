// A run of a scenario as it is drawn: bars on its time line, a verdict in words.

export const VERDICT_WORDS = {
  passed: "Passed", failed: "Failed", inconclusive: "Inconclusive: this machine or the lab could not judge it", "wrong use": "Could not be played",
};
const LEVELS = { passed: "good", failed: "bad", inconclusive: "poor", "wrong use": "bad" };
const JUDGED = ["passed", "failed"];
// The reason that the runner gives for a run that somebody ended.
export const STOPPED = "the run was stopped before its end";
const LEAST_S = 10;
const ROW_GAP_S = 0.2;

export const levelOf = (verdict) => LEVELS[verdict] ?? "none";

// "Passed", or while it runs how far it is: "12 s of about 45 s".
export function runWords(run, elapsed_s, length_s) {
  if (run.state === "ended" && run.reasons?.includes(STOPPED)) return "Stopped before its end";
  if (run.state === "ended") return VERDICT_WORDS[run.verdict] ?? run.verdict;
  if (elapsed_s === undefined) return run.lines.at(-1) ?? "Preparing";
  return `${Math.floor(elapsed_s)} s of about ${Math.ceil(length_s)} s`;
}

// The bars of a run: {step, title, kind, state, from_s, to_s, row, words}. A step that began is where it began; its effects
// last as planned, an expectation until it was judged, and a step that is going on to now at least. The others are where
// the plan expects them.
export function barsOf(run, elapsed_s = 0) {
  const planned = new Map(run.plan.map((step) => [step.step, step]));
  const bars = run.steps.filter(({ step }) => planned.has(step)).map(({ step, state, at_s, until_s, value, reason }) => {
    const plan = planned.get(step);
    const from_s = at_s ?? plan.at_s;
    const planned_s = from_s + (plan.until_s ?? plan.at_s) - plan.at_s;
    const to_s = JUDGED.includes(state) && until_s !== undefined ? Math.max(from_s, until_s) : Math.max(planned_s, state === "running" ? elapsed_s : from_s);
    return { step, title: plan.title, kind: plan.kind, state, from_s, to_s, words: reason ?? value ?? "" };
  });
  return inRows(bars, lengthOf(run, bars, elapsed_s));
}

// How long the time line is.
export const lengthOf = (run, bars, elapsed_s = 0) => Math.max(LEAST_S, elapsed_s, ...bars.map(({ to_s }) => to_s));

// Each bar in the first row in which it, and its title, overlap no other.
function inRows(bars, length_s) {
  const ends = [];
  return [...bars].sort((one, other) => one.from_s - other.from_s).map((bar) => {
    const wide_s = Math.max(bar.to_s - bar.from_s, length_s * titleShare(bar.title)) + ROW_GAP_S;
    const found = ends.findIndex((end_s) => end_s <= bar.from_s);
    const row = found === -1 ? ends.length : found;
    ends[row] = bar.from_s + wide_s;
    return { ...bar, row };
  });
}

// The part of the time line that a title takes, as long as it is cut at 28 characters.
const titleShare = (title) => Math.min(title.length, 28) * 0.0075;
