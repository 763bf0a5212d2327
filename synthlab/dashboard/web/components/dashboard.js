// The page: a bar at the top, and below it the list of labs or one lab.

import { LabPage } from "./lab_page.js";
import { LabsPage } from "./labs_page.js";
import { html } from "./shared.js";

// `lab` is the LabSession of the lab that is shown; `notice` is an error.
export function Dashboard({ api, lab, scenarios, schema, profiles, client, onClient, notice, onFailure }) {
  return html`
    <header class="bar">
      <h1 class="title"><a href="#/">synthlab</a>${lab && html` <small>/</small> ${lab.name}`}</h1>
      ${lab ? html`<a href="#/">All labs</a>` : html`<span class="soft">dashboard</span>`}
    </header>
    <div role="alert">${notice && html`<p class="notice is-wrong">${notice} <button class="icon" aria-label="Dismiss" onClick=${() => onFailure(undefined)}>×</button></p>`}</div>
    ${lab ? html`<${LabPage} key=${lab.name} session=${lab} scenarios=${scenarios} schema=${schema} profiles=${profiles} client=${client} onClient=${onClient} />`
      : html`<${LabsPage} api=${api} onFailure=${onFailure} />`}`;
}
