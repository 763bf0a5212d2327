// Who sees whom: a row for each one who sees, a column for each one who is seen.

import { figure } from "../shared.js";
import { qualityOf } from "../quality.js";
import { html } from "./shared.js";

// So many columns leave no room on a picture for all numbers, unless the window is wide.
const MANY = 5;

// `callers` are names; `silent` says by name why the lab has no numbers of one; `pictures` are data URLs by viewer and seen; `onOpen(name)`.
export function Matrix({ callers, silent, numbers, recent, pictures, onOpen, children }) {
  const pictured = callers.filter((name) => Object.keys(pictures[name] ?? {}).length > 0).length;
  return html`
    <section class="side seen" aria-label="Who sees whom">
      <header class="list-head"><h2>Who sees whom</h2><small>rows see, columns are seen</small>${children}</header>
      ${callers.length === 0 ? html`<p class="note">No WebRTC numbers yet: nobody in this lab is in a call that publishes them.</p>` : html`
      <div class="seen-scroll" tabindex="0" role="group" aria-label="Table of who sees whom"><table class=${`matrix ${callers.length >= MANY ? "is-many" : ""}`} style=${{ "--seen": callers.length, "--plain": callers.length - pictured, "--pictured": Math.max(pictured, 1) }}>
        <thead><tr><td></td>${callers.map((name) => html`<th key=${name} scope="col">${name}</th>`)}</tr></thead>
        <tbody>${callers.map((viewer) => html`<tr key=${viewer}>
          <th scope="row"><button class="plain" onClick=${() => onOpen(viewer)}>${viewer}</button></th>
          ${callers.map((seen) => (viewer === seen ? html`<${Sent} key=${seen} name=${viewer} sent=${numbers[viewer]?.sent} why=${silent[viewer]} />`
            : html`<${Seen} key=${seen} viewer=${viewer} seen=${seen} why=${silent[viewer]} numbers=${numbers} recent=${recent} picture=${pictures[viewer]?.[seen]} />`))}
        </tr>`)}</tbody>
      </table></div>`}
    </section>`;
}

function Seen({ viewer, seen, why, numbers, recent, picture }) {
  const video = numbers[viewer]?.video[seen], audio = numbers[viewer]?.audio[seen];
  const { level, word } = qualityOf(viewer, seen, video, recent);
  const shown = picture && video;
  if (!video && !audio) return html`<td class="cell is-none"><span class="soft" title=${why}>${numbers[viewer] && !why ? "–" : "not known"}</span></td>`;
  return html`
    <td class=${`cell is-${level} ${shown ? "has-picture" : ""}`}>
      ${shown && html`<img src=${picture} alt=${`${seen}, as ${viewer} sees it`} />`}
      <div class="figures">
        <p><b>${video ? `${figure(video.fps, 1)} fps` : "audio"}</b>
          <span class="received">${figure(video ? video.kbps : audio?.kbps)} kbit/s</span> <span class="word">${word}</span></p>
        <p>${video?.freeze_s !== undefined && html`<span class=${video.freeze_s > 0 ? "" : "is-zero"}>${figure(video.freeze_s, 1)} s frozen</span>`}
          <span class=${video?.lost > 0 ? "" : "is-zero"}>${figure(lostOf(video ?? audio))} lost</span></p>
      </div>
    </td>`;
}

// Packets that came twice may make the count of lost ones negative (RFC 3550).
const lostOf = ({ lost }) => (lost === undefined ? undefined : Math.max(0, lost));

// What a participant sends, in the cell in which it would see itself.
function Sent({ name, sent, why }) {
  const video = sent?.video;
  return html`
    <td class="cell is-self" aria-label=${`what ${name} sends`}>
      <div class="figures">
        <p title=${why}>sends ${video ? html`<b>${figure(video.fps, 1)} fps</b>` : why ? "not known" : "–"}</p>
        ${video && html`<p><span>${figure(video.kbps)} kbit/s</span>${video.width !== undefined && html`<span>${video.width}×${video.height}</span>`}
          ${video.limited && video.limited !== "none" && html`<span class="limited">limited by ${video.limited}</span>`}</p>`}
      </div>
    </td>`;
}
