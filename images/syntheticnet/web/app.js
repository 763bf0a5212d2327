// Starts the control page: the stream of events feeds the session, and each change of it is drawn.

import { Api } from "./api.js";
import { ClientPage } from "./components/client_page.js";
import { html, render } from "./components/html.js";
import { drawnOnce, fetched } from "./drawing.js";
import { Session } from "./session.js";
import { follow } from "./stream.js";

const api = new Api();
const page = document.querySelector("#page");
let schema = [], profiles = [];

const draw = drawnOnce(() => {
  const { state } = session.model;
  if (state) document.title = [state.lab, state.name].filter(Boolean).join(" / ") || "synthlab";
  render(html`<${ClientPage} session=${session} schema=${schema} profiles=${profiles} />`, page);
});
const session = new Session(api, follow, draw);

draw();
fetched(() => api.schema(), ({ conditions }) => { schema = conditions; draw(); });
fetched(() => api.profiles(), (listed) => { profiles = listed; draw(); });
