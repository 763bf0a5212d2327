// The list of labs: open one, take one down, bring up a stack.

import { html, useEffect, useState } from "./shared.js";

const EVERY_MS = 2000;
const TASK_MS = 500;
const LEVELS = { up: "good", starting: "poor", broken: "bad", expired: "bad", stopped: "poor", "left over": "poor" };

// `onFailure(error)` shows an error.
export function LabsPage({ api, onFailure }) {
  const [labs, setLabs] = useState(undefined);
  const [stacks, setStacks] = useState([]);
  const [tasks, setTasks] = useState([]);
  useRepeated(async () => setLabs((await api.labs()).labs), EVERY_MS, onFailure);
  useRepeated(async () => {
    if (!tasks.some(({ state }) => state === "running")) return;
    const fresh = await Promise.all(tasks.map((task) => (task.state === "running" ? api.task(task.id) : task)));
    setTasks(fresh);
    const ended = fresh.filter(({ state }, index) => state !== tasks[index].state);
    const up = ended.find(({ kind, state }) => kind === "up" && state === "done");
    // Whoever waited for nothing else goes on in the lab.
    if (up && !fresh.some(({ state }) => state === "running")) location.hash = `#/${encodeURIComponent(up.lab)}`;
    else if (ended.length) setLabs((await api.labs()).labs);
  }, TASK_MS, onFailure);
  useEffect(() => { api.stacks().then(({ stacks: found }) => setStacks(found), onFailure); }, []);
  const begin = async (request) => {
    try {
      const { task } = await request;
      const fresh = await api.task(task);
      setTasks([fresh, ...tasks.filter(({ id }) => id !== task)]);
      onFailure(undefined);
    } catch (error) {
      onFailure(error);
    }
  };
  return html`
    <main class="labs">
      <section class="side" aria-label="Labs">
        <h2>Labs</h2>
        ${!labs ? html`<p class="note" role="status">Asking the container engine ...</p>` : labs.length === 0 ? html`<p class="note">No lab is up. Bring one up below.</p>` : html`
        <ul class="lab-list">${labs.map((lab) => html`<${Lab} key=${lab.name} lab=${lab} onAsk=${() => volumesOf(api, lab)} onDown=${(volumes) => begin(api.down(lab.name, volumes))} />`)}</ul>`}
      </section>
      ${tasks.map((task) => html`<${Task} key=${task.id} task=${task} onCancel=${() => begin(api.cancel(task.id).then(({ id }) => ({ task: id })))}
        onDismiss=${() => setTasks(tasks.filter(({ id }) => id !== task.id))} />`)}
      <${BringUp} stacks=${stacks} onUp=${(stack, more) => begin(api.up(stack, more))} />
    </main>`;
}

// The volumes that remain when it is taken down; none of a lab that is not up.
const volumesOf = (api, lab) => api.volumes(lab.name).then(({ volumes }) => volumes, () => []);

function Lab({ lab, onAsk, onDown }) {
  const [asked, setAsked] = useState(false);
  const [volumes, setVolumes] = useState([]);
  const [discarded, setDiscarded] = useState(false);
  const ask = async () => {
    setDiscarded(false);
    setVolumes(await onAsk());
    setAsked(true);
  };
  return html`
    <li class="lab-row">
      <a class="lab-name" href=${`#/${encodeURIComponent(lab.name)}`}>${lab.name}</a>
      <span class=${`health is-${LEVELS[lab.state]}`}>${lab.state}</span>
      <span class="soft">${lab.participants} participant${lab.participants === 1 ? "" : "s"}</span>
      <span class="soft">${lab.since ? `since ${sinceWords(lab.since)}` : ""}</span>
      <span class="lab-actions">${asked ? html`<span>Remove its containers?</span>
        ${volumes.length > 0 && html`<label class="check" title=${volumes.join(", ")}><input type="checkbox" checked=${discarded} onChange=${({ target }) => setDiscarded(target.checked)} /> Remove its volume${volumes.length > 1 ? "s" : ""}, too</label>`}
        <button class="stop" onClick=${() => { setAsked(false); onDown(discarded); }}>Take down ${lab.name}</button><button onClick=${() => setAsked(false)}>Keep</button>`
        : html`<button onClick=${ask}>Take down ...</button>`}</span>
    </li>`;
}

const sinceWords = (iso) => new Date(iso).toLocaleString([], { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

const DOING = { up: ["Bringing up", "Up:", "Not brought up:"], down: ["Taking down", "Taken down:", "Not taken down:"] };

function Task({ task, onCancel, onDismiss }) {
  const [doing, done, failed] = DOING[task.kind];
  const words = { running: doing, done, failed }[task.state];
  return html`
    <section class="side task" aria-label=${`${doing} ${task.lab}`}>
      <header class="list-head"><h2>${words} ${task.state === "done" && task.kind === "up" ? html`<a href=${`#/${encodeURIComponent(task.lab)}`}>${task.lab}</a>` : task.lab}</h2>
        ${task.state === "running" ? task.kind === "up" && html`<button onClick=${onCancel}>Cancel</button>`
          : html`<button class="icon" aria-label="Dismiss" onClick=${onDismiss}>×</button>`}</header>
      <ol class="task-lines" role="log">${task.lines.slice(-8).map((line, index) => html`<li key=${index}>${line}</li>`)}</ol>
      ${task.error && html`<p class="refusal">${task.error}</p><pre class="task-details">${(task.details ?? []).join("\n")}</pre>`}
    </section>`;
}

function BringUp({ stacks, onUp }) {
  const [file, setFile] = useState("");
  const [name, setName] = useState("");
  const [keep, setKeep] = useState(false);
  const chosen = stacks.find((one) => one.file === file) ?? stacks.find(({ error }) => !error);
  const submit = (event) => {
    event.preventDefault();
    onUp(chosen.file, { keep, ...(name ? { name } : {}) });
  };
  return html`
    <section class="side" aria-label="Bring up a lab">
      <h2>Bring up a lab</h2>
      <form class="bring-up" onSubmit=${submit}>
        <label>Stack <select value=${chosen?.file} onChange=${({ target }) => setFile(target.value)}>
          ${stacks.map((one) => html`<option key=${one.file} value=${one.file}>${one.file}${one.error ? " (cannot be read)" : one.bundled ? " (bundled)" : ""}</option>`)}</select></label>
        <label>Name <input type="text" autocomplete="off" placeholder=${chosen?.lab} value=${name} onInput=${({ target }) => setName(target.value.trim())} /></label>
        <label class="check"><input type="checkbox" checked=${keep} onChange=${({ target }) => setKeep(target.checked)} /> Keep it when the dashboard ends</label>
        <button class="primary" disabled=${!chosen || Boolean(chosen.error)}>Bring up</button>
      </form>
      ${chosen?.error ? html`<p class="refusal" role="status">${chosen.error}</p>` : html`<p class="note">${chosen?.title}</p>`}
    </section>`;
}

// Does something now and again and again, one at a time, while this is shown.
function useRepeated(act, every_ms, onFailure) {
  const [latest] = useState({});
  latest.act = act;
  useEffect(() => {
    let timer, ended = false;
    const turn = async () => {
      try {
        await latest.act();
      } catch (error) {
        onFailure(error);
      }
      if (!ended) timer = setTimeout(turn, every_ms);
    };
    turn();
    return () => { ended = true; clearTimeout(timer); };
  }, []);
}
