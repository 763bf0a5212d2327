// The profiles: found by any word of name, values or source.

import { describeValues } from "../words.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { Menu } from "./menu.js";

// `profiles` are {name, conditions, source, remark}; `onPick(profile)`. `flow` is what they are for, if not all traffic.
export function ProfileMenu({ profiles, flow, disabled, onPick }) {
  return html`
    <${Menu} label="Profile" name=${flow && `Profile of ${flow}`} title="Values of a real network, with their source" disabled=${disabled} wide=${true}>
      ${(close) => html`<${ProfileList} profiles=${profiles} onPick=${(profile) => { close(); onPick(profile); }} />`}
    <//>`;
}

function ProfileList({ profiles, onPick }) {
  const [text, setText] = useState("");
  const field = useRef(null);
  useEffect(() => field.current.focus(), []);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = profiles.filter((profile) => words.every((word) => aboutOf(profile).includes(word)));
  const enter = (event) => { if (event.key === "Enter" && found.length) { event.preventDefault(); onPick(found[0]); } };
  return html`
    <input ref=${field} type="search" placeholder="3g, lossy, WebPageTest ..." aria-label="Search profiles" value=${text}
      onInput=${({ target }) => setText(target.value)} onKeyDown=${enter} />
    <ul class="choices">
      ${found.map((profile) => html`
        <li key=${profile.name}><button onClick=${() => onPick(profile)}>
          <b>${profile.name}</b>
          <span>↓ ${describeValues(profile.conditions.ingress)}</span><span>↑ ${describeValues(profile.conditions.egress)}</span>
          <small>${profile.source}${profile.remark ? `; ${profile.remark}` : ""}</small></button></li>`)}
      ${found.length === 0 && html`<li class="note">No profile has these words.</li>`}
    </ul>`;
}

const aboutOf = ({ name, conditions, source, remark }) =>
  [name, JSON.stringify(conditions), source, remark].join(" ").toLowerCase();
