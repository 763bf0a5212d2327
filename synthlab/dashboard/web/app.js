// Starts the dashboard: the address says which lab is shown, and each change of what is known is drawn.

import { Dashboard } from "./components/dashboard.js";
import { html, render } from "./components/shared.js";
import { LabApi, clientEvents, labEvents } from "./lab_api.js";
import { LabSession } from "./lab_session.js";
import { Api, Session, drawnOnce, fetched } from "./shared.js";
import { Streams } from "./streams.js";

const SHARED = new URL("../images/syntheticnet/web/", import.meta.url);
const page = document.querySelector("#page");
page.replaceChildren();
const api = new LabApi();
const streams = new Streams();
let lab, client, learning = false, scenarios = [], schema = [], profiles = [], notice;

const draw = drawnOnce(() => {
  document.title = lab ? `${lab.name} - synthlab` : "synthlab";
  render(html`<${Dashboard} api=${api} lab=${lab} scenarios=${scenarios} schema=${schema} profiles=${profiles} client=${client} onClient=${showClient}
    notice=${notice} onFailure=${showFailure} />`, page);
});

function drawn() {
  learnSchema();
  draw();
}

function showFailure(error) {
  if (notice === error?.message) return;
  notice = error?.message;
  draw();
}

// Begins the session of a participant, and ends that of the last one; undefined for none.
function showClient(name) {
  client?.end();
  client = name && new Session(api.client(lab.name, name), (listener) => streams.follow("client", clientEvents(lab.name, name), listener), draw,
    (text) => api.netem(text));
  draw();
}

// All clients have the same conditions: any of them can say which.
async function learnSchema() {
  const some = lab?.model.lab?.participants.find(({ conditioned, state }) => conditioned && state === "running");
  if (learning || schema.length || !some) return;
  learning = true;
  try {
    schema = (await api.client(lab.name, some.name).schema()).conditions;
    draw();
  } catch {
    // It is asked again at the next event.
  }
  learning = false;
}

function route() {
  const name = decodeURIComponent(location.hash.replace(/^#\/?/, ""));
  if (name === (lab?.name ?? "")) return;
  showClient(undefined);
  lab?.close();
  notice = undefined;
  lab = name ? new LabSession(name, api, (listener) => streams.follow("lab", labEvents(name), listener), drawn) : undefined;
  draw();
}

// With one lab there is nothing to choose from.
async function begin() {
  if (!location.hash) {
    const { labs } = await api.labs().catch(() => ({ labs: [] }));
    if (labs.length === 1 && labs[0].state === "up") history.replaceState(undefined, "", `#/${encodeURIComponent(labs[0].name)}`);
  }
  addEventListener("hashchange", route);
  route();
  draw();
}

addEventListener("pagehide", () => streams.pause());
addEventListener("pageshow", ({ persisted }) => { if (persisted) streams.resume(); });
begin();
fetched(() => api.scenarios(), ({ scenarios: found }) => { scenarios = found; draw(); });
fetched(() => new Api("dashboard", (url, options) => fetch(new URL(url, SHARED), options)).profiles(), (listed) => { profiles = listed; draw(); });
