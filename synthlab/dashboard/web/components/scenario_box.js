// Chooses and plays a scenario: its variables, how far it is, the verdict, and the last runs.

import { reportOf } from "../lab_api.js";
import { barsOf, lengthOf, levelOf, runWords, STOPPED } from "../runs.js";
import { html, useState } from "./shared.js";

// The one to begin with: it shows the most within half a minute.
const FIRST = "dog-chews-fiber.yaml";
const SHOWN_RUNS = 6;

// `scenarios` as the API lists them; `run` is the newest of this lab, `elapsed_s` how long it has been going on.
export function ScenarioBox({ scenarios, run, runs, elapsed_s: elapsed, onPlay, onStop }) {
  const [file, setFile] = useState("");
  const [values, setValues] = useState({});
  const chosen = scenarios.find((one) => one.file === file) ?? scenarios.find((one) => !one.error && (!one.bundled || one.file === FIRST)) ?? scenarios[0];
  const running = run?.state === "running";
  const variables = Object.entries(chosen?.variables ?? {});
  const given = Object.fromEntries(variables.filter(([name]) => values[name] !== undefined).map(([name]) => [name, values[name]]));
  const groups = [["In this folder", scenarios.filter(({ bundled }) => !bundled)], ["Bundled", scenarios.filter(({ bundled }) => bundled)]];
  return html`
    <section class="scenario" aria-label="Scenarios">
      <div class="scenario-row">
        <select aria-label="Scenario" value=${chosen?.file} disabled=${running} onChange=${({ target }) => { setFile(target.value); setValues({}); }}>
          ${groups.filter(([, ones]) => ones.length).map(([label, ones]) => html`<optgroup key=${label} label=${label}>
            ${ones.map((one) => html`<option key=${one.file} value=${one.file}>${one.file.replace(/\.ya?ml$/, "")}${one.error ? " (cannot be read)" : ""}</option>`)}</optgroup>`)}</select>
        ${running ? html`<button class="stop" onClick=${() => onStop(run.id)}>Stop</button>`
          : html`<button class="primary" disabled=${!chosen || Boolean(chosen.error)} onClick=${() => onPlay(chosen.file, given)}>Play</button>`}
      </div>
      ${chosen?.error ? html`<p class="refusal">${chosen.error}</p>` : html`<p class="note">${chosen?.title}</p>`}
      ${variables.length > 0 && html`<div class="variables">${variables.map(([name, fallback]) => html`
        <label key=${name}>${name}<input type="text" autocomplete="off" disabled=${running} value=${values[name] ?? fallback}
          onInput=${({ target }) => setValues({ ...values, [name]: target.value })} /></label>`)}</div>`}
      <div role="status">${run && html`<p class="verdict"><b class=${`is-${levelOf(run.verdict)}`}>${runWords(run, elapsed, lengthOf(run, barsOf(run, elapsed), elapsed))}</b>
        <small>${run.scenario}</small></p>`}</div>
      ${run?.reasons.some((reason) => reason !== STOPPED) && html`<ul class="reasons">${run.reasons.filter((reason) => reason !== STOPPED).slice(0, 4).map((reason) => html`<li key=${reason}>${reason}</li>`)}</ul>`}
      ${runs.some(({ state }) => state === "ended") && html`
        <h3>Last runs</h3>
        <ul class="runs">${runs.filter(({ state }) => state === "ended").slice(0, SHOWN_RUNS).map((one) => html`
          <li key=${one.id}><span class=${`dot is-${levelOf(one.verdict)}`}></span>${one.scenario.replace(/\.ya?ml$/, "")} <small>${one.verdict}</small>
            <a href=${reportOf(one.id)} target="_blank" rel="noopener" aria-label=${`Report of ${one.scenario}, ${one.verdict}`}>report</a></li>`)}</ul>`}
    </section>`;
}
