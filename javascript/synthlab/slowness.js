// Whether the machine is too slow for what was just measured to mean anything.

const MOST_LATE_MS = 50;

// One line for each direction of a client in which it was too slow in the last second.
export function tooSlow(name, state) {
  return ["ingress", "egress"].flatMap((direction) => {
    const late = state.forwarder?.lateness?.[direction]?.p99_ms ?? 0;
    const discarded = state.links?.[direction]?.achieved?.discarded ?? 0;
    const lines = [];
    if (late > MOST_LATE_MS) lines.push(`packets left up to ${late.toFixed(0)} ms late`);
    if (discarded) lines.push(`the lab itself discarded ${discarded} packets`);
    return lines.map((line) => `${name} ${direction}: this machine is too slow: ${line} in the last second`);
  });
}
