// The participant that was clicked: its control page, screen, log and console, and its container.

import { screenOf } from "../lab_api.js";
import { ClientPage, html, Menu, useState } from "./shared.js";
import { LinesPanel } from "./lines_panel.js";
import { ScreenPanel } from "./screen_panel.js";

const ACTIONS = { pause: "Pause", unpause: "Resume", stop: "Stop", start: "Start", restart: "Restart" };
const FITTING = { running: ["pause", "stop", "restart"], paused: ["unpause", "stop"] };

// `client` is the Session of the participant, undefined if it is not conditioned.
export function Drawer({ session, participant, client, schema, profiles, onClose }) {
  const [tab, setTab] = useState("network");
  const { name, state } = participant;
  const lab = session.name;
  const tabs = { network: "Network", ...(participant.screen && { screen: "Screen" }), logs: "Log", ...(participant.debugger && { console: "Console" }) };
  const shown = tab in tabs ? tab : "network";
  return html`
    <div class="drawer-head">
      <h2 class="title">${name}</h2>
      <span class="group" role="group" aria-label=${`Parts of ${name}`}>${Object.entries(tabs).map(([one, words]) => html`
        <button key=${one} aria-pressed=${one === shown ? "true" : "false"} onClick=${() => setTab(one)}>${words}</button>`)}</span>
      <${Menu} label="Container" title="Pause, stop or restart its container">
        ${(close) => html`<ul class="choices">${(FITTING[state] ?? ["start"]).map((action) => html`
          <li key=${action}><button onClick=${() => { close(); session.tried(() => session.api.act(lab, name, action)); }}>${ACTIONS[action]}</button></li>`)}
          ${participant.page && html`<li><a class="choice" href=${participant.page} target="_blank" rel="noopener">Open its own page</a></li>`}</ul>`}
      <//>
      <span class="spacer"></span>
      <button class="icon" aria-label=${`Close ${name}`} title="Close" onClick=${onClose}>×</button>
    </div>
    ${shown === "network" && (client ? html`<${ClientPage} key=${name} session=${client} schema=${schema} profiles=${profiles} inside=${true} />`
      : html`<p class="note drawer-body">Not conditioned: ${participant.why_not}</p>`)}
    ${shown === "screen" && html`<${ScreenPanel} name=${name} address=${screenOf(lab, name)} />`}
    ${shown === "logs" && html`<${LinesPanel} key=${`log ${name}`} label=${`Log of ${name}`} ask=${() => session.api.lines(lab, "logs", name)} />`}
    ${shown === "console" && html`<${LinesPanel} key=${`console ${name}`} label=${`Console of ${name}`} ask=${() => session.api.lines(lab, "console", name)} />`}`;
}
