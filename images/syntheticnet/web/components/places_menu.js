// Links to what else shows this client; a command where the address is not known here.

import { html } from "./html.js";
import { Menu } from "./menu.js";

// `places` are {name, address} and {name, command}.
export function PlacesMenu({ places }) {
  return html`
    <${Menu} label="See also" title="Its screen, the page of its lab, its WebRTC numbers">
      ${() => html`<dl class="places">${places.map(({ name, address, command }) => html`
        <dt key=${name}>${name}</dt>
        <dd>${address ? html`<a href=${address} target="_blank" rel="noopener">${address}</a>` : html`<code>${command}</code>`}</dd>`)}</dl>`}
    <//>`;
}
