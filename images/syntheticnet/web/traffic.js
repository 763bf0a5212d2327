// Rows of live traffic: order, filter, and the changes that a row suggests.

import { writeQuantity } from "./units.js";
import { remoteWords, sumOf, trafficWords } from "./words.js";

export const COLUMNS = {
  remote: (row) => remoteWords(row),
  packets: (row) => -row.packets_s,
  bits: (row) => -row.bits_s,
  drops: (row) => -sumOf(row.dropped_s),
  delay: (row) => -(row.delay_ms ?? -1),
};

// Both directions in one list, each row with its `direction` and a `key` that stays the same.
// In the second in which a flow is made, the same packets have a row in two panels.
export function rowsOf(traffic) {
  const known = new Set();
  return ["ingress", "egress"].flatMap((direction) => (traffic?.[direction] ?? []).map((row) => {
    const plain = keyOf(direction, row);
    const key = known.has(plain) ? `${plain} ${row.flow}` : plain;
    known.add(key);
    return { ...row, direction, key };
  }));
}

const keyOf = (direction, { remote, protocol, port, media, payload_type: type }) =>
  [direction, remote, protocol, port, media, type].join(" ");

// Every word of the filter must occur in a row.
export function filtered(rows, text, direction) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    const about = [remoteWords(row), row.remote, trafficWords(row), row.protocol, row.match, row.flow].join(" ").toLowerCase();
    return (direction === "" || row.direction === direction) && words.every((word) => about.includes(word));
  });
}

// Sorted by a column. With `order`, the keys of an earlier order, rows stay where they were and new ones come last:
// a row must not move away under a pointer.
export function sorted(rows, column, order = undefined) {
  const place = COLUMNS[column];
  const among = (one, other) => (place(one) < place(other) ? -1 : place(one) > place(other) ? 1 : one.key < other.key ? -1 : 1);
  if (!order) return [...rows].sort(among);
  const at = new Map(order.map((key, index) => [key, index]));
  const last = order.length;
  return [...rows].sort((one, other) => (at.get(one.key) ?? last) - (at.get(other.key) ?? last) || among(one, other));
}

// The rate that leaves a row this share of what it uses now.
export const limitOf = ({ bits_s: bits }, share) => writeQuantity("rate", Math.max(1000, Number((bits * share).toPrecision(2))));
