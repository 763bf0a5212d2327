// Rows of live traffic: order, filter, and the changes that a row suggests.

import assert from "node:assert/strict";
import { test } from "node:test";

import { filtered, limitOf, rowsOf, sorted } from "../../../images/syntheticnet/web/traffic.js";

const row = (remote, more = {}) => ({ remote, name: null, protocol: "udp", port: 5000, media: null, payload_type: null, kind: null, codec: null,
                                      packets_s: 1, bits_s: 1000, dropped_s: {}, delay_ms: null, flow: "default", match: remote, ...more });

const TRAFFIC = { ingress: [row("10.0.0.2", { name: "sfu", media: "rtp", payload_type: 96, kind: "video", codec: "VP8", bits_s: 9000 }), row("10.0.0.3")],
                  egress: [row("10.0.0.2", { name: "sfu", bits_s: 5000, dropped_s: { loss: 2 } })] };
const remotes = (rows) => rows.map(({ remote, direction }) => `${direction} ${remote}`);

test("rows of both directions have keys of their own", () => {
  const rows = rowsOf(TRAFFIC);
  assert.equal(new Set(rows.map(({ key }) => key)).size, 3);
  assert.deepEqual(rowsOf(undefined), []);
  const twice = rowsOf({ ingress: [row("10.0.0.2"), row("10.0.0.2", { flow: "*:udp" })], egress: [] });
  assert.equal(new Set(twice.map(({ key }) => key)).size, 2);
});

test("every word of the filter must occur; the direction is one more", () => {
  const rows = rowsOf(TRAFFIC);
  assert.deepEqual(remotes(filtered(rows, "SFU vp8", "")), ["ingress 10.0.0.2"]);
  assert.deepEqual(remotes(filtered(rows, "sfu", "egress")), ["egress 10.0.0.2"]);
  assert.equal(filtered(rows, "sfu tcp", "").length, 0);
});

test("busiest first, or by another column", () => {
  const rows = rowsOf(TRAFFIC);
  assert.deepEqual(remotes(sorted(rows, "bits")), ["ingress 10.0.0.2", "egress 10.0.0.2", "ingress 10.0.0.3"]);
  assert.deepEqual(remotes(sorted(rows, "drops"))[0], "egress 10.0.0.2");
  assert.deepEqual(remotes(sorted(rows, "remote"))[0], "ingress 10.0.0.3");
});

test("under a pointer rows stay where they were, and new ones come last", () => {
  const rows = rowsOf(TRAFFIC);
  const order = [rows[1].key, rows[0].key];
  assert.deepEqual(sorted(rows, "bits", order).map(({ key }) => key), [rows[1].key, rows[0].key, rows[2].key]);
});

test("a limit is a share of what the row uses now, in two figures", () => {
  assert.equal(limitOf({ bits_s: 1234567 }, 0.8), "990kbit");
  assert.equal(limitOf({ bits_s: 1234567 }, 1.2), "1.5mbit");
  assert.equal(limitOf({ bits_s: 0 }, 0.8), "1kbit");
});
