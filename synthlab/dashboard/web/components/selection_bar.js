// What is done to several participants at one instant.

import { html, HoldButton, ProfileMenu, useEffect, useMemo, useState } from "./shared.js";

const DOG = { egress: { rate: "100kbit" } };
const LASTS = { "10s": "for 10 s", "30s": "for 30 s", "": "until healed" };
const ANSWERS = { drop: "drop packets", reject: "refuse packets" };

// `names` are the chosen participants; `onTogether()` opens their sliders.
export function SelectionBar({ session, names, profiles, fields, onTogether, onClear }) {
  const key = names.join(" ");
  const hold = useMemo(() => session.holdOf(names), [session, key]);
  useEffect(() => () => { hold.release(); }, [hold]);
  if (names.length === 0) {
    return html`<section class="selection" aria-label="Chosen participants"><p class="note">Click a name for its sliders, screen and log. Tick several to change them at one instant; tick two to cut them off from each other.</p></section>`;
  }
  const { api, name: lab } = session;
  const make = (change, options) => session.tried(() => session.change(names, change, options).then(() => ""));
  return html`
    <section class="selection" aria-label="Chosen participants">
      <b class="selection-names">${names.length > 3 ? `${names.length} chosen` : names.join(", ")}</b>
      <button class="primary" onClick=${onTogether}>Change together</button>
      <${ProfileMenu} profiles=${profiles} disabled=${!fields.length} onPick=${({ conditions }) => make(profileOf(conditions, fields))} />
      <${HoldButton} onPress=${() => hold.press()} onRelease=${() => hold.release()} />
      <button title="Upload at 100 kbit/s for 10 seconds: a dog chews the fiber" onClick=${() => make(DOG, { lasts: "10s" })}>Dog 10 s</button>
      <button title="Back to the conditions that they started with" onClick=${() => session.tried(() => api.reset(lab, names))}>Reset</button>
      ${names.length === 2 && html`<${Partition} session=${session} a=${names[0]} b=${names[1]} />`}
      <button class="icon" aria-label="Choose nobody" title="Choose nobody" onClick=${onClear}>×</button>
    </section>`;
}

const profileOf = (conditions, fields) => {
  const cleared = Object.fromEntries(fields.map((field) => [field, null]));
  return { ingress: { ...cleared, ...conditions.ingress }, egress: { ...cleared, ...conditions.egress } };
};

function Partition({ session, a, b }) {
  const [direction, setDirection] = useState("both");
  const [answer, setAnswer] = useState("drop");
  const [lasts, setLasts] = useState("10s");
  const { api, name: lab } = session;
  const ways = { both: `${a} ⇄ ${b}`, "a-to-b": `${a} → ${b}`, "b-to-a": `${b} → ${a}` };
  const choice = (label, value, choices, set) => html`<select aria-label=${label} title=${label} value=${value} onChange=${({ target }) => set(target.value)}>
    ${Object.entries(choices).map(([one, words]) => html`<option key=${one} value=${one}>${words}</option>`)}</select>`;
  return html`
    <span class="partition" role="group" aria-label="Partition">
      ${choice("Which packets are stopped", direction, ways, setDirection)}
      ${choice("What happens to them", answer, ANSWERS, setAnswer)}
      ${choice("How long", lasts, LASTS, setLasts)}
      <button onClick=${() => session.tried(() => api.cut(lab, { a, b, direction, answer, ...(lasts ? { for: lasts } : {}) }))}>Cut off</button>
      <button onClick=${() => session.tried(() => api.heal(lab, a, b))}>Heal</button>
    </span>`;
}
