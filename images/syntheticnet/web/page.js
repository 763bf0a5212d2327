// The control page of one client: what is wished of its network, beside what was measured over the last second.

const REFRESH_MS = 1000;
const error = document.querySelector("#error");

async function ask(path, options = {}) {
  const answer = await fetch(path, { cache: "no-store", ...options });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
}

async function change(direction, name, value) {
  const body = JSON.stringify({ [direction]: { [name]: value.trim() || null } });
  return ask("/v1/conditions", { method: "PATCH", body, headers: { "Content-Type": "application/json" } });
}

// One input for each condition of the schema; a change is sent when the input is left or Enter is pressed.
function buildForm(section, schema) {
  const form = section.querySelector("form");
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const condition of schema) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.name = condition.name;
    input.placeholder = `none (such as ${condition.example})`;
    input.autocomplete = "off";
    input.addEventListener("change", () => submit(section.dataset.direction, input));
    const help = Object.assign(document.createElement("span"), { className: "help", textContent: condition.help });
    label.append(condition.name.replace("_", " "), input, help);
    form.append(label);
  }
}

async function submit(direction, input) {
  try {
    show(await change(direction, input.name, input.value));
    input.classList.remove("wrong");
    error.textContent = "";
  } catch (failure) {
    input.classList.add("wrong");
    error.textContent = failure.message;
  }
}

const figure = (value, format) => (value === undefined ? "–" : format(value));
const rate = (bps) => (bps < 1e6 ? `${(bps / 1e3).toFixed(1)} kbit/s` : `${(bps / 1e6).toFixed(2)} Mbit/s`);
const share = (value) => `${(value * 100).toFixed(2)} %`;
const time = (ms) => `${ms.toFixed(1)} ms`;

function showAchieved(list, achieved) {
  const rows = [
    ["rate", figure(achieved.rate_bps, rate)],
    ["dropped", figure(achieved.loss, share)],
    ["delay p50", figure(achieved.delay_p50_ms, time)],
    ["delay p99", figure(achieved.delay_p99_ms, time)],
  ];
  list.replaceChildren(...rows.map(([term, value]) => {
    const row = document.createElement("div");
    row.append(Object.assign(document.createElement("dt"), { textContent: term }),
               Object.assign(document.createElement("dd"), { textContent: value }));
    return row;
  }));
}

function showLink(section, state) {
  const direction = section.dataset.direction;
  const wished = state.conditions[direction] ?? {};
  showAchieved(section.querySelector(".achieved"), state.links[direction].achieved);
  for (const input of section.querySelectorAll("input")) {
    const value = wished[input.name];
    input.classList.toggle("set", value !== undefined);
    if (document.activeElement !== input && !input.classList.contains("wrong")) input.value = value ?? "";
  }
}

function showFlows(flows) {
  const rows = Object.entries(flows).map(([name, flow]) =>
    Object.assign(document.createElement("li"), { textContent: `${name}: ${JSON.stringify(flow)}` }));
  const section = document.querySelector("#flows");
  section.hidden = rows.length === 0;
  section.querySelector("ul").replaceChildren(...rows);
}

function show(state) {
  const title = [state.lab, state.name].filter(Boolean).join(" / ") || "synthlab";
  document.title = title;
  document.querySelector("#name").textContent = title;
  const restarts = state.forwarder.restarts;
  document.querySelector("#status").textContent =
    `forwarder up ${Math.round(state.forwarder.up_s)} s, restarted ${restarts} times, seed ${state.seed}`;
  document.querySelectorAll(".link").forEach((section) => showLink(section, state));
  showFlows(state.conditions.flows ?? {});
}

async function refresh() {
  try {
    show(await ask("/v1/state"));
  } catch (failure) {
    document.querySelector("#status").textContent = `no answer: ${failure.message}`;
  }
  setTimeout(refresh, REFRESH_MS);
}

const schema = await ask("/v1/schema");
document.querySelectorAll(".link").forEach((section) => buildForm(section, schema.conditions));
document.querySelector("#reset").addEventListener("click", async () =>
  show(await ask("/v1/conditions", { method: "DELETE" })));
refresh();
