// What the page knows of a lab, and how each event of its stream changes that. Times are ms of the browser's clock.

export const KEPT_S = 900;
const TICK_MS = 800;
const ONE_MARK_NS = 1e9;
const RECENT_MS = 6000;
const MOST_STEPS = 200;

// `samples` are {at_ms, clients: {name: {down, up, fps}}}, once a second; `recent` are the numbers of the last seconds;
// `changes` are those of the clients' histories, `steps` the steps of runs as {at_ms, run, text}. `zero_ms` is when the
// first step of the run began.
export const EMPTY = { lab: undefined, states: {}, numbers: {}, probes: {}, run: undefined, zero_ms: undefined, samples: [], recent: [],
                       changes: [], steps: [], connected: false, waited: false };

export const LAB_EVENTS = ["lab", "states", "numbers", "probes", "run", "mark"];

// The next model after an event that came at `now_ms`.
export function next(model, name, data, now_ms = Date.now()) {
  switch (name) {
    case "lab": return { ...model, lab: data };
    case "states": return withStates(model, data, now_ms);
    case "numbers": return { ...model, numbers: data, recent: recentOf(model.recent, data, now_ms) };
    case "probes": return { ...model, probes: data };
    case "run": return { ...model, run: data, zero_ms: zeroOf(model, data, now_ms) };
    case "mark": return { ...model, steps: [...model.steps.slice(-MOST_STEPS), { at_ms: now_ms, run: data.run, text: data.text }] };
    case "past": return { ...model, ...data };
    case "connection": return { ...model, ...data };
    default: return model;
  }
}

// The events that tell a new listener all that is known.
export function known({ lab, states, numbers, probes, run, samples, recent, changes, steps, zero_ms }) {
  return [...Object.entries({ lab, states, numbers, probes, run }).filter(([, data]) => data), ["past", { samples, recent, changes, steps, zero_ms }]];
}

function withStates(model, states, now_ms) {
  const last = model.samples.at(-1);
  const due = !last || now_ms - last.at_ms >= TICK_MS;
  const samples = due ? [...model.samples, { at_ms: now_ms, clients: sampleOf(states, model.numbers) }] : model.samples;
  const from_ms = now_ms - KEPT_S * 1000;
  return { ...model, states, samples: samples.filter(({ at_ms: at }) => at >= from_ms), changes: withChanges(model.changes, states, now_ms) };
}

function sampleOf(states, numbers) {
  return Object.fromEntries(Object.entries(states).map(([name, { links = {} }]) => [name, {
    down: links.ingress?.achieved.rate_bps, up: links.egress?.achieved.rate_bps, fps: meanFps(numbers[name]),
  }]));
}

// The frame rate at which a client sees the others, on average; undefined if it sees nobody.
export function meanFps(numbers) {
  const rates = Object.values(numbers?.video ?? {}).map(({ fps }) => fps).filter((fps) => fps !== undefined);
  return rates.length ? rates.reduce((sum, fps) => sum + fps, 0) / rates.length : undefined;
}

function recentOf(recent, numbers, now_ms) {
  return [...recent.filter(({ at_ms: at }) => now_ms - at <= RECENT_MS), { at_ms: now_ms, numbers }];
}

// When the first step of a run began: a run reports how long ago that was, once it was.
function zeroOf(model, run, now_ms) {
  if (run.elapsed_s === 0) return undefined;
  const same = model.run?.id === run.id && model.zero_ms !== undefined;
  return same ? model.zero_ms : now_ms - run.elapsed_s * 1000;
}

// Each entry of the clients' histories once, as {client, at_ms, at_ns, by, kind, change}, oldest first; and each state that
// a walk came to, of the kind WALK.
export const WALK = "walk";

function withChanges(changes, states, now_ms) {
  const fresh = Object.entries(states).flatMap(([client, { history = [], walk = { past: [] } }]) => {
    const stays = walk.past.map(({ at_ns, age_s, state }) => ({ at_ns, age_s, by: WALK, kind: WALK, change: { state } }));
    const latest = (isStay) => Math.max(-1, ...changes.filter((one) => one.client === client && (one.kind === WALK) === isStay).map(({ at_ns }) => at_ns));
    const [change_ns, stay_ns] = [latest(false), latest(true)];
    return [...history.filter(({ at_ns, by }) => at_ns > change_ns && by !== "startup"), ...stays.filter(({ at_ns }) => at_ns > stay_ns)]
      .map(({ at_ns, age_s, by, kind, change }) => ({ client, at_ms: now_ms - age_s * 1000, at_ns, by, kind, change }));
  });
  if (fresh.length === 0) return changes;
  return [...changes, ...fresh].filter(({ at_ms }) => now_ms - at_ms <= KEPT_S * 1000).sort((one, other) => one.at_ns - other.at_ns);
}

// Changes as marks: {at_ms, by, kind, change, clients}. One hand within a second is one mark, also in several clients; so
// are several clients that come to the same state.
export function marksOf(changes) {
  const marks = [];
  for (const { client, at_ms, at_ns, by, kind, change } of changes) {
    const near = marks.find((mark) => mark.by === by && mark.kind === kind && at_ns - mark.last_ns < ONE_MARK_NS
      && (kind !== WALK || (mark.change.state === change.state && !mark.clients.includes(client))));
    if (near) {
      Object.assign(near, { last_ns: at_ns, change: change ?? near.change, clients: [...new Set([...near.clients, client])] });
    } else {
      marks.push({ at_ms, last_ns: at_ns, by, kind, change, clients: [client] });
    }
  }
  return marks;
}
