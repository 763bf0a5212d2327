// A named profile such as `wpt/3g`. The command knows them; a client's own API does not.

import { once } from "node:events";

import { readAll, startCommand } from "./command.js";
import { WrongUse } from "./errors.js";

// The profile's conditions. Traces would have to be uploaded first: a lab does that.
export async function findProfile(name) {
  const { child, failed } = startCommand(["profile", "show", name, "--json"]);
  const ended = Promise.all([readAll(child.stdout), readAll(child.stderr), once(child, "close")]);
  const [out, problem, [status]] = await Promise.race([ended, failed]);
  if (status !== 0) throw new WrongUse(`profile: ${problem.trim().split("\n").pop()}`);
  const { conditions } = JSON.parse(out);
  const links = [conditions.ingress ?? {}, conditions.egress ?? {}];
  if (links.some((link) => "rate_trace" in link || "delay_trace" in link)) {
    throw new WrongUse(`profile: ${name} has traces: set it on a client of a lab`);
  }
  return conditions;
}
