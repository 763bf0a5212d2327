// Starts the control page: the stream of events feeds the store, and each change of the store is drawn.

import { Api } from "./api.js";
import { Changes } from "./changes.js";
import { ClientPage } from "./components/client_page.js";
import { html, render } from "./components/html.js";
import { Hold } from "./hold.js";
import { EMPTY, next } from "./store.js";
import { follow } from "./stream.js";

const api = new Api();
const page = document.querySelector("#page");
let model = EMPTY, schema = [], profiles = [], notice, stateAt = 0, drawing = false;

const changes = new Changes(api, () => model.state, (state) => take("state", state));
const hold = new Hold({ change: (body, lease) => kept(api.change(body, lease)), renew: (id, lasts) => api.renew(id, lasts),
                        release: (id) => kept(api.release(id)) },
  (error) => showNotice({ text: error.message, wrong: true }));

function take(name, data) {
  const before = model.state;
  model = next(model, name, data);
  if (model.state !== before) stateAt = performance.now();
  draw();
}

async function kept(request) {
  const answer = await request;
  take("state", answer);
  return answer;
}

function showNotice(shown) {
  notice = shown;
  draw();
}

// Events come in groups: one drawing shows all of a group.
function draw() {
  if (drawing) return;
  drawing = true;
  queueMicrotask(() => {
    drawing = false;
    const { state } = model;
    if (state) document.title = [state.lab, state.name].filter(Boolean).join(" / ") || "synthlab";
    render(html`<${ClientPage} model=${model} schema=${schema} profiles=${profiles} changes=${changes} api=${api} hold=${hold}
      at_ms=${stateAt} notice=${notice} onNotice=${showNotice} />`, page);
  });
}

async function fetchOnce(ask, keep) {
  try {
    keep(await ask());
    draw();
  } catch {
    setTimeout(() => fetchOnce(ask, keep), 1000);
  }
}

draw();
follow(take);
fetchOnce(() => api.schema(), ({ conditions }) => { schema = conditions; });
fetchOnce(() => api.profiles(), (listed) => { profiles = listed; });
