// Durations are text such as "5s" at the ends, and milliseconds inside.

import { WrongUse } from "./errors.js";

const FORM = /^(\d+(?:\.\d+)?)(ns|us|ms|s|min|h)$/;
const SCALES_MS = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

// Milliseconds; `where` begins the message of the error.
export function parseMs(where, text) {
  const match = typeof text === "string" && FORM.exec(text);
  if (!match) throw new WrongUse(`${where}: ${JSON.stringify(text)} is not a time such as "500ms", "10s" or "1.5min"`);
  return Number(match[1]) * SCALES_MS[match[2]];
}

export const optionalMs = (where, text, otherwise) => (text === undefined ? otherwise : parseMs(where, text));

// The text that the lab's own parser reads.
export const writeMs = (ms) => `${Math.max(0, Math.round(ms))}ms`;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
