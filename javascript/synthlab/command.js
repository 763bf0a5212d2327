// The command `synthlab`, which is installed with Python: SYNTHLAB_BIN, else the one on PATH.

import { spawn } from "node:child_process";

import { SynthlabError } from "./errors.js";

// A child process with piped streams; `failed` rejects if there is no such command.
export function startCommand(words, options = {}) {
  const bin = process.env.SYNTHLAB_BIN || "synthlab";
  const child = spawn(bin, words, { stdio: "pipe", ...options });
  const failed = new Promise((_, reject) => {
    child.once("error", (error) => {
      const fix = "install synthlab (see its README), or set SYNTHLAB_BIN to the command's path";
      reject(new SynthlabError(`${bin}: cannot be run: ${error.code}: ${fix}`));
    });
  });
  failed.catch(() => {});
  return { child, failed };
}

// All that a stream of a child says, as text.
export async function readAll(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
