// The page of one lab.

import { callersOf, changeable, participantsOf } from "../participants.js";
import { figure } from "../shared.js";
import { Drawer } from "./drawer.js";
import { GroupPanel } from "./group_panel.js";
import { Matrix } from "./matrix.js";
import { ParticipantList } from "./participant_list.js";
import { ScenarioBox } from "./scenario_box.js";
import { SelectionBar } from "./selection_bar.js";
import { html, useEffect, useState } from "./shared.js";
import { elapsedOf, TimeLine } from "./time_line.js";

const TOGETHER = Symbol("together");
const TURN_MS = 500;

// `client` is the Session of the participant that is open; `onClient(name)` begins another one, undefined for none.
export function LabPage({ session, scenarios, schema, profiles, client, onClient }) {
  const [chosen, setChosen] = useState(new Set());
  const [opened, setOpened] = useState(undefined);
  const [ofRun, setOfRun] = useState(true);
  const { model, notice, api, name: lab } = session;
  const now = useTurns(session.running);
  const participants = participantsOf(model);
  const can = changeable(participants);
  const names = can.filter((name) => chosen.has(name));
  const open = participants.find(({ name }) => name === opened);
  const choose = (some, isChosen) => setChosen(new Set(isChosen ? [...names, ...some] : names.filter((name) => !some.includes(name))));
  const show = (name) => { setOpened(name); onClient(can.includes(name) ? name : undefined); };
  const callers = callersOf(model);
  const silent = Object.fromEntries(participants.filter((one) => one.no_numbers).map((one) => [one.name, one.no_numbers]));
  const shownRun = model.run;
  const elapsed = elapsedOf(model, shownRun, now);
  const close = () => show(undefined);
  if (!model.lab) return html`<main><p class="waiting" role="status">${model.waited ? "No answer from the server; trying again" : "Connecting"} ...</p></main>`;
  return html`
    <main class=${`lab ${open || opened === TOGETHER ? "has-drawer" : ""}`}>
      <div class="notices">
        ${!model.connected && html`<p class="notice is-wrong" role="status">No answer from the server; trying again. What you see is from before.</p>`}
        ${model.lab.error && html`<p class="notice is-wrong" role="status">${model.lab.error}</p>`}
        <div role="alert">${notice && html`<p class=${`notice ${notice.wrong ? "is-wrong" : ""}`}>${notice.text}
          <button class="icon" aria-label="Dismiss" onClick=${() => session.show(undefined)}>×</button></p>`}</div>
      </div>
      <${SelectionBar} session=${session} names=${names} profiles=${profiles} fields=${schema.map(({ name }) => name)}
        onTogether=${() => { onClient(undefined); setOpened(TOGETHER); }} onClear=${() => setChosen(new Set())} />
      <${ParticipantList} participants=${participants} model=${model} chosen=${chosen} opened=${opened} onChoose=${choose} onOpen=${show} />
      <${Matrix} callers=${callers} silent=${silent} numbers=${model.numbers} recent=${model.recent} pictures=${session.pictures.shown} onOpen=${show}>
        <${PictureSwitch} session=${session} /><//>
      ${(open || (opened === TOGETHER && names.length > 0)) && html`
        <section class="drawer" aria-label=${open ? `Participant ${open.name}` : "Chosen participants together"}>
          ${open ? html`<${Drawer} key=${open.name} session=${session} participant=${open} client=${client}
              schema=${schema} profiles=${profiles} onClose=${close} />`
            : html`<${GroupPanel} session=${session} names=${names} onClose=${close} />`}
        </section>`}
      <div class="dock">
        <${ScenarioBox} scenarios=${scenarios} run=${shownRun} runs=${session.runs} elapsed_s=${elapsed}
          onPlay=${(file, variables) => session.tried(async () => { await api.play(file, lab, variables); setOfRun(true); })}
          onStop=${(id) => session.tried(() => api.stop(id))} />
        <${TimeLine} model=${model} names=${can.filter((name) => model.states[name])} run=${shownRun} ofRun=${Boolean(shownRun) && ofRun} now_ms=${now} onOfRun=${setOfRun} />
      </div>
    </main>`;
}

function PictureSwitch({ session }) {
  const { picturing, running, pictures } = session;
  if (!session.browsers.length) return html`<small class="pictures">No pictures: no browser is running</small>`;
  const words = !picturing ? "off" : running || pictures.isJudged ? "off while a scenario or test judges this call"
    : pictures.cost === undefined ? "" : `${figure(pictures.cost, 1)} % of a core`;
  return html`<label class="pictures" title="Each browser sends one small picture a second while you look">
    <input type="checkbox" checked=${picturing} onChange=${({ target }) => session.showPictures(target.checked)} /> Live pictures <small>${words}</small></label>`;
}

// The time in ms, fresh twice a second while `running`; else at each drawing.
function useTurns(running) {
  const [, setTurn] = useState(0);
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => setTurn(Date.now()), TURN_MS);
    return () => clearInterval(timer);
  }, [Boolean(running)]);
  return Date.now();
}
