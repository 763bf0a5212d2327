// One direction of a panel: four sliders and their charts.

import { MAIN, hidingLease, mainValue, stateLink } from "../conditions.js";
import { formatSeconds } from "../units.js";
import { DIRECTION_WORDS, describeReach } from "../words.js";
import { html } from "./html.js";
import { LinkCharts } from "./link_charts.js";
import { ValueSlider } from "./value_slider.js";

const MEANING = { ingress: "toward the client", egress: "from the client" };

// `states` are those of the conditions by name, `state` is the present one. `reach` is the highest rate that the forwarder estimates. `below` are the values of all traffic that a flow shares; undefined for all traffic itself.
export function LinkColumn({ panel, title, direction, link, below, leases, samples, marks, stays, state, states, reach, now_ns: now, disabled, onMain, onShare }) {
  const word = DIRECTION_WORDS[direction];
  const inForce = samples.at(-1)?.panels[panel]?.[direction]?.set?.rate_bps;
  return html`
    <section class="column" aria-label=${`${title}, ${word}`}>
      <h3>${word} <small>${MEANING[direction]}</small></h3>
      ${MAIN.map((name) => html`
        <${ValueSlider} key=${name} name=${name} place=${`${title} ${word}`} disabled=${disabled}
          value=${mainValue(link, name)} shared=${below && mainValue(below, name)}
          note=${noteOf({ name, link, below, state, own: stateLink(states[state], panel, direction), left: hidingLease(leases, panel, direction, name === "rate" ? ["rate", "outage"] : [name]) })}
          warning=${name === "rate" ? describeReach(inForce, reach) : undefined}
          onChange=${(number, gesture) => onMain(direction, name, number, gesture)}
          onShare=${below && (() => onShare(direction, name))} />`)}
      <${LinkCharts} samples=${samples} panel=${panel} direction=${direction} place=${`${title} ${word}`} marks=${marks} stays=${stays} states=${Object.keys(states)} now_ns=${now} />
    </section>`;
}

function noteOf({ name, link, below, state, own, left }) {
  if (left !== undefined) return { mark: formatSeconds(left), text: `a lease, for ${formatSeconds(left)}` };
  if (mainValue(own, name) !== undefined) return { mark: "state", text: `in state ${state}: ${name === "rate" && own.outage ? "nothing passes" : own[name]}` };
  if (name === "rate" && "rate_trace" in link) return { mark: "trace", text: `follows the trace ${link.rate_trace}` };
  if (below && mainValue(link, name) === undefined && mainValue(below, name) !== undefined) return { mark: "=", text: "as all traffic" };
  return undefined;
}
