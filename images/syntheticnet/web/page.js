// The control page of a client: its conditions, next to the values measured over the last second.

import { describeCauses, describeEntry, describeFlow, describeRefusal } from "./words.js";

const REFRESH_MS = 1000;
const error = document.querySelector("#error");
const { flow, lease } = document.querySelector("#options").elements;
const chosen = () => flow.value.trim();

async function ask(path, options = {}) {
  const answer = await fetch(path, { cache: "no-store", ...options });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
}

const put = (path, method, body, type) => ask(path, { method, body, headers: { "Content-Type": type } });
const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

const CLEAR = ["", "none"];

async function change(direction, name, value) {
  const requested = value.trim();
  const links = { [direction]: { [name]: CLEAR.includes(requested) ? null : requested } };
  return merge(chosen() ? { flows: { [chosen()]: links } } : links);
}

async function merge(conditions) {
  const time = lease.value.trim();
  const query = time ? `?${new URLSearchParams({ lease: time })}` : "";
  return put(`/v1/conditions${query}`, "PATCH", JSON.stringify(conditions), "application/json");
}

const SWITCH = ["true", "false"];

// The input of a condition: a menu if it has fixed values, else a text field.
function buildInput(condition) {
  const choices = condition.kind === "switch" ? SWITCH : condition.choices;
  if (!choices) {
    const input = make("input", { placeholder: `none (example: ${condition.example})`, autocomplete: "off" });
    if (condition.kind === "file") input.setAttribute("list", "files");
    return input;
  }
  const input = make("select", {});
  input.append(...["", ...choices].map((choice) => make("option", { value: choice, textContent: choice || "none" })));
  return input;
}

// One input per condition of the schema; a change is sent on Enter or when the input loses focus.
function buildForm(section, schema) {
  const direction = section.dataset.direction;
  const form = section.querySelector("form");
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const condition of schema) {
    const label = make("label", {});
    const input = Object.assign(buildInput(condition), { name: condition.name });
    input.addEventListener("change", () => submit(direction, input));
    label.append(condition.name.replaceAll("_", " "), input, make("span", { className: "refusal", role: "alert" }));
    if (condition.kind === "file") label.append(buildUpload(direction, input));
    label.append(make("span", { className: "help", textContent: help(condition) }));
    form.append(label);
  }
}

const help = ({ help, needs }) => (needs?.length ? `${help}; requires ${[needs].flat().join(" or ")}` : help);

// Upload a local file to the client, then use it as the value.
function buildUpload(direction, input) {
  const upload = make("input", { type: "file", title: "Upload a file" });
  upload.addEventListener("change", async () => {
    const [file] = upload.files;
    if (!file) return;
    await tried(input, async () => {
      showFiles(await put(`/v1/files/${encodeURIComponent(file.name)}`, "PUT", await file.text(), "text/plain"));
      show(await change(direction, input.name, file.name));
    });
    upload.value = "";
  });
  return upload;
}

const submit = (direction, input) => tried(input, async () => show(await change(direction, input.name, input.value)));

// Show an error next to the input that caused it; without an input, at the top of the page.
async function tried(input, act) {
  try {
    await act();
    showRefusal(input, "");
  } catch (failure) {
    showRefusal(input, failure.message);
  }
}

function showRefusal(input, message) {
  if (!input) {
    error.textContent = message;
    return;
  }
  const { direction } = input.closest(".link").dataset;
  const place = `${chosen() ? `flows.${chosen()}.` : ""}${direction}.${input.name}`;
  input.classList.toggle("wrong", message !== "");
  input.closest("label").querySelector(".refusal").textContent = describeRefusal(message, place);
}

async function reset() {
  show(await ask("/v1/conditions", { method: "DELETE" }));
  forgetRefusals();
}

const forgetRefusals = () => document.querySelectorAll(".wrong").forEach((input) => showRefusal(input, ""));

// Select the flow whose values the page shows and changes; an empty name selects all traffic.
async function choose(name) {
  flow.value = name;
  forgetRefusals();
  show(await ask("/v1/state"));
}

const figure = (value, format) => (value === undefined ? "–" : format(value));
const rate = (bps) => (bps < 1e6 ? `${(bps / 1e3).toFixed(1)} kbit/s` : `${(bps / 1e6).toFixed(2)} Mbit/s`);
const share = (value) => `${(value * 100).toFixed(2)} %`;
const time = (ms) => `${ms.toFixed(1)} ms`;

function showAchieved(list, link, lateness) {
  const { achieved } = link;
  const rows = [
    ["rate", figure(achieved.rate_bps, rate)],
    ["dropped", figure(achieved.loss, share)],
    ["delay p50", figure(achieved.delay_p50_ms, time)],
    ["delay p99", figure(achieved.delay_p99_ms, time)],
    ...(achieved.discarded ? [["discarded by the lab", `${achieved.discarded} packets`]] : []),
    ["forwarder delay p99", figure(lateness?.p99_ms, (ms) => `${ms.toFixed(2)} ms`)],
  ];
  list.replaceChildren(...rows.map(([term, value]) => {
    const row = make("div", {});
    row.append(make("dt", { textContent: term }), make("dd", { textContent: value }));
    return row;
  }));
}

function showLink(section, state) {
  const direction = section.dataset.direction;
  const owner = chosen() ? state.conditions.flows?.[chosen()] : state.conditions;
  const requested = owner?.[direction] ?? {};
  const link = state.links[direction];
  showAchieved(section.querySelector(".achieved"), link, state.forwarder.lateness?.[direction]);
  section.querySelector(".causes").textContent = describeCauses(link);
  for (const input of section.querySelectorAll("[name]")) {
    const value = requested[input.name];
    input.classList.toggle("set", value !== undefined);
    if (document.activeElement !== input && !input.classList.contains("wrong")) input.value = String(value ?? "");
  }
}

// Reuse the rows of entries that remain; otherwise a refresh could replace a button in mid-click.
function fill(id, entries) {
  const section = document.querySelector(id);
  const list = section.querySelector("ul");
  const known = new Map([...list.children].map((row) => [row.dataset.key, row]));
  const rows = entries.map(({ key, text, buttons }) => {
    const row = known.get(key) ?? makeRow(key, buttons);
    row.firstChild.textContent = `${text} `;
    return row;
  });
  section.hidden = rows.length === 0;
  if (rows.length !== list.children.length || rows.some((row, at) => row !== list.children[at])) {
    list.replaceChildren(...rows);
  }
}

function makeRow(key, buttons = {}) {
  const row = make("li", {});
  row.dataset.key = key;
  row.append(make("span", {}), ...Object.entries(buttons).map(([text, act]) => {
    const button = make("button", { type: "button", textContent: text });
    button.addEventListener("click", () => tried(null, act));
    return button;
  }));
  return row;
}

function showFlows(flows) {
  const names = Object.keys(flows);
  document.querySelector("#flow-names").replaceChildren(...names.map((value) => make("option", { value })));
  fill("#flows", names.map((name) => ({
    key: name,
    text: describeFlow(name, flows[name]),
    buttons: {
      change: () => choose(name),
      remove: async () => show(await merge({ flows: { [name]: null } })),
    },
  })));
}

// Leases and scheduled changes, with the time left; each has a cancel button.
function showSchedule({ leases = [], scheduled = [], failed }) {
  const entries = [...leases, ...scheduled].map((entry) => ({
    key: String(entry.id),
    text: describeEntry(entry),
    buttons: { cancel: async () => show(await ask(`/v1/leases/${entry.id}`, { method: "DELETE" })) },
  }));
  const failures = (failed?.last ?? []).map(({ id, error }) => ({
    key: `failed ${id}`,
    text: `change ${id} failed: ${error}`,
  }));
  fill("#schedule", [...entries, ...failures]);
}

function showFiles({ files }) {
  document.querySelector("#files").replaceChildren(...files.map(({ name }) => make("option", { value: name })));
}

function show(state) {
  const title = [state.lab, state.name].filter(Boolean).join(" / ") || "synthlab";
  document.title = title;
  document.querySelector("#name").textContent = title;
  const restarts = state.forwarder.restarts;
  document.querySelector("#status").textContent =
    `Forwarder up ${Math.round(state.forwarder.up_s)} s, ${restarts} restart${restarts === 1 ? "" : "s"}, seed ${state.seed}`;
  [flow, lease].forEach((input) => input.classList.toggle("set", input.value.trim() !== ""));
  document.querySelectorAll(".link").forEach((section) => showLink(section, state));
  showFlows(state.conditions.flows ?? {});
  showSchedule(state);
}

async function refresh() {
  try {
    show(await ask("/v1/state"));
    showFiles(await ask("/v1/files"));
  } catch (failure) {
    document.querySelector("#status").textContent = `No answer: ${failure.message}`;
  }
  setTimeout(refresh, REFRESH_MS);
}

const schema = await ask("/v1/schema");
document.querySelectorAll(".link").forEach((section) => buildForm(section, schema.conditions));
document.querySelector("#reset").addEventListener("click", () => tried(null, reset));
document.querySelector("#options").addEventListener("submit", (event) => event.preventDefault());
flow.addEventListener("change", () => tried(null, () => choose(flow.value)));
refresh();
