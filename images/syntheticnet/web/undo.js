// Undo and redo of the page's own changes.
//
// An undo takes back what the page's last change did, and nothing else. Values that somebody else has set since keep
// what they were given: a person who undoes a drag does not expect to undo a colleague's command or a scenario's step.
// What was left for that reason is reported, so that the page can say so.

const FLOWS = "flows";

// What a change did to the base: the paths whose value differs, and the order of flows before and after.
// `touched` limits it to the paths that the change named, so that others' changes in between do not count.
export function recorded(before, after, touched = undefined) {
  const was = leaves(before), is = leaves(after);
  const paths = [...new Set([...was.keys(), ...is.keys()])].filter((path) => !touched || named(path, touched));
  return {
    values: paths.map((path) => ({ path, before: was.get(path), after: is.get(path) }))
      .filter((one) => !equal(one.before, one.after)),
    order: { before: Object.keys(before.flows ?? {}), after: Object.keys(after.flows ?? {}) },
  };
}

export const isEmpty = ({ values, order }) => values.length === 0 && equal(order.before, order.after);

// One record of two that follow each other: a drag is many changes, and one undo.
export function joined(first, second) {
  const values = new Map(first.values.map((one) => [one.path, one]));
  for (const { path, before, after } of second.values) {
    values.set(path, { path, before: values.has(path) ? values.get(path).before : before, after });
  }
  return {
    values: [...values.values()].filter((one) => !equal(one.before, one.after)),
    order: { before: first.order.before, after: second.order.after },
  };
}

export const reversed = ({ values, order }) => ({
  values: values.map(({ path, before, after }) => ({ path, before: after, after: before })),
  order: { before: order.after, after: order.before },
});

// The base without what the record did, and the paths that are left because they have changed since.
export function undone(base, record) {
  const present = leaves(base);
  const flowsGone = new Set(record.values.filter(({ path }) => isFlow(path)).map(({ path }) => path));
  const left = [];
  for (const { path, before, after } of record.values) {
    if (!equal(present.get(path), after)) {
      left.push(path);
    } else if (before === undefined) {
      present.delete(path);
    } else {
      present.set(path, before);
    }
  }
  // A flow that the record made, and that nobody has changed since, goes with its values.
  for (const path of flowsGone) {
    if (!present.has(path)) [...present.keys()].filter((other) => within(other, path)).forEach((other) => present.delete(other));
  }
  const names = Object.keys(base.flows ?? {});
  return { base: grown(present, ordered(names, record.order)), left };
}

// Paths are JSON text: flow names may have dots. A flow is a leaf of its own, `{}`, besides its values.
function leaves(conditions) {
  const found = new Map();
  const add = (path, value) => {
    const open = value !== null && typeof value === "object" && !Array.isArray(value);
    if (path.length === 2 && path[0] === FLOWS) found.set(JSON.stringify(path), {});
    if (open) Object.entries(value).forEach(([key, inner]) => add([...path, key], inner));
    else found.set(JSON.stringify(path), value);
  };
  Object.entries(conditions).forEach(([key, value]) => add([key], value));
  return found;
}

function grown(found, names) {
  const base = {};
  const paths = [...found].map(([path, value]) => [JSON.parse(path), value]);
  const kept = new Set(paths.filter(([path]) => path[0] === FLOWS).map(([path]) => path[1]));
  const flows = Object.fromEntries([...names, ...kept].filter((name) => kept.has(name)).map((name) => [name, {}]));
  if (kept.size) base.flows = flows;
  for (const [path, value] of paths) {
    if (path.length === 2 && path[0] === FLOWS) continue;
    const owner = path.slice(0, -1).reduce((inner, key) => (inner[key] ??= {}), base);
    owner[path.at(-1)] = value;
  }
  return base;
}

// The order before the change if it is still the order after it; else the present one, with flows that come back at
// their old positions.
function ordered(present, { before, after }) {
  if (equal(present, after)) return before;
  const names = [...present];
  before.forEach((name, at) => names.includes(name) || names.splice(at, 0, name));
  return names;
}

const isFlow = (path) => JSON.parse(path).length === 2 && JSON.parse(path)[0] === FLOWS;
const within = (path, owner) => path.startsWith(`${owner.slice(0, -1)},`);
const equal = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// Whether a change names a path: itself, something above it, or something below it.
function named(path, change) {
  let inner = change;
  for (const key of JSON.parse(path)) {
    if (inner === null || typeof inner !== "object") return true;
    if (!(key in inner)) return false;
    inner = inner[key];
  }
  return true;
}

// The page's own changes, the last `most` of them.
export class UndoList {
  constructor(most = 100) {
    Object.assign(this, { most, done: [], undone: [] });
  }

  // `gesture` joins the changes of one drag.
  add(entry, gesture = undefined) {
    const last = this.done.at(-1);
    if (last && gesture !== undefined && last.gesture === gesture && last.record && entry.record) {
      last.record = joined(last.record, entry.record);
    } else {
      this.done.push({ ...entry, gesture });
      this.done = this.done.slice(-this.most);
    }
    this.undone = [];
  }

  takeUndo() {
    return this.done.pop();
  }

  takeRedo() {
    return this.undone.pop();
  }
}
