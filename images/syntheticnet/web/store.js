// What the page knows, and how each event of the stream changes it.

export const SHOWN_S = 120;

export const EMPTY = { state: undefined, connected: false, waited: false, samples: [], traffic: undefined,
                       files: [], stats: undefined, marks: [], stays: [] };

// The next model after an event, or after the answer to a request (`state`).
export function next(model, name, data) {
  switch (name) {
    case "state": return withState(model, data);
    case "history": return { ...model, samples: recent(data.samples) };
    case "sample": return { ...model, samples: recent([...model.samples, data]) };
    case "traffic": return { ...model, traffic: data };
    case "files": return { ...model, files: data.files };
    case "stats": return { ...model, stats: data };
    case "connection": return { ...model, ...data };
    default: return model;
  }
}

// An event may have been written before a change whose answer is here already: the older of the two is ignored.
function withState(model, state) {
  if (model.state && state.monotonic_ns < model.state.monotonic_ns) return model;
  return { ...model, state, marks: marked(model.marks, state), stays: stayed(model.stays, state) };
}

function recent(samples) {
  const last = samples.at(-1);
  const kept = samples.filter(({ monotonic_ns: at }) => last.monotonic_ns - at <= SHOWN_S * 1e9);
  return kept.filter(({ monotonic_ns: at }, index) => index === 0 || at > kept[index - 1].monotonic_ns);
}

// Changes for the charts, as {at_ns, last_ns, by}: the state has the last 64, and one drag may be all of these.
// Changes by the same hand within a second are one mark.
const ONE_MARK_NS = 1e9;

function marked(marks, { history = [], monotonic_ns: now }) {
  const known = marks.at(-1)?.last_ns ?? -1;
  const kept = marks.filter(({ at_ns: at }) => now - at <= SHOWN_S * 1e9);
  for (const entry of history) {
    if (entry.at_ns <= known || now - entry.at_ns > SHOWN_S * 1e9) continue;
    const last = kept.at(-1);
    if (last && last.by === entry.by && entry.at_ns - last.last_ns < ONE_MARK_NS) {
      kept[kept.length - 1] = { ...last, last_ns: entry.at_ns };
    } else {
      kept.push({ at_ns: entry.at_ns, last_ns: entry.at_ns, by: entry.by });
    }
  }
  return kept;
}

// Where the walk between states was, as {at_ns, state}, without a `state` from its end on; the first is the one in which
// the time shown began.
function stayed(stays, { walk, monotonic_ns: now }) {
  const last = stays.at(-1);
  const ended = last?.state ? [{ at_ns: now, state: undefined }] : [];
  const fresh = walk ? walk.past.filter(({ at_ns: at }) => at > (last?.at_ns ?? -1)) : ended;
  const all = [...stays, ...fresh];
  const first = all.filter(({ at_ns: at }) => now - at > SHOWN_S * 1e9).length - 1;
  return all.slice(Math.max(0, first));
}

// The stays in the states called `names` as spans of a chart, {from_s, to_s, text, share}: seconds before `now_ns`, and how
// far down the list of states it is, from 0 to 1.
export function spansOf(stays, names, now_ns) {
  const ends = [...stays.slice(1).map(({ at_ns: at }) => at), now_ns];
  const second = (at) => Math.max(-SHOWN_S, (at - now_ns) / 1e9);
  return stays.map(({ at_ns: at, state }, index) => ({ from_s: second(at), to_s: second(ends[index]), text: state }))
    .filter(({ from_s: from, to_s: to, text }) => text !== undefined && to > from)
    .map((span) => ({ ...span, share: Math.max(0, names.indexOf(span.text)) / Math.max(1, names.length - 1) }));
}

// The lines of a panel's charts, oldest first: seconds before the newest sample, and one array for each line.
export function linesOf(samples, panel, direction) {
  const end = samples.at(-1)?.monotonic_ns ?? 0;
  const links = samples.map(({ panels }) => panels[panel]?.[direction] ?? {});
  const pick = (read) => links.map((link) => read(link) ?? null);
  return {
    at: samples.map(({ monotonic_ns: at }) => (at - end) / 1e9),
    rate: pick((link) => link.rate_bps),
    set_rate: pick((link) => link.set?.rate_bps),
    p50: pick((link) => link.delay_p50_ms),
    p99: pick((link) => link.delay_p99_ms),
    set_latency: pick((link) => link.set?.latency_ms),
    queued: pick((link) => link.queued),
    drops: links.map(({ dropped_s: dropped = {} }) => dropped),
    last: links.at(-1) ?? {},
  };
}
