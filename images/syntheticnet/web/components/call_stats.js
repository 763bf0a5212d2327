// The WebRTC numbers that a client publishes: whom it sees, and what it sends.

import { figure, seen } from "../words.js";
import { html } from "./html.js";

const SLOW_FPS = 10;

// `stats` is the answer of GET /v1/stats.
export function CallStats({ stats }) {
  const values = stats?.values ?? {};
  const rows = seen(values);
  if (rows.length === 0 && Object.keys(values.sent ?? {}).length === 0) {
    return html`<section class="side" aria-label="Call"><h2>Call</h2>
      <p class="note">No WebRTC numbers: the application in this client publishes none.</p></section>`;
  }
  return html`
    <section class="side" aria-label="Call">
      <h2>Call</h2>
      <table class="numbers">
        <thead><tr><th scope="col">It sees</th><th scope="col">fps</th><th scope="col">kbit/s</th><th scope="col">lost</th><th scope="col">freezes</th><th scope="col">frozen</th></tr></thead>
        <tbody>${rows.map(({ peer, video, audio }) => html`
          <tr key=${peer}><th scope="row">${peer}</th>
            <td class=${video && video.fps < SLOW_FPS ? "is-poor" : ""}>${figure(video?.fps, 1)}</td>
            <td>${figure(video ? video.kbps : audio?.kbps)}</td><td>${figure(video ? video.lost : audio?.lost)}</td>
            <td>${figure(video?.freezes)}</td><td>${video?.freeze_s === undefined ? "–" : `${figure(video.freeze_s, 1)} s`}</td></tr>`)}</tbody>
      </table>
      ${values.sent && html`<p class="sent">${sentWords(values.sent)}</p>`}
    </section>`;
}

function sentWords({ video, audio, rtt_ms: rtt }) {
  const parts = [];
  if (video) parts.push(`sends video ${figure(video.fps, 1)} fps, ${figure(video.kbps)} kbit/s, ${video.width ?? "–"}×${video.height ?? "–"}`);
  if (video?.limited && video.limited !== "none") parts.push(`limited by ${video.limited}`);
  if (audio) parts.push(`audio ${figure(audio.kbps)} kbit/s`);
  if (rtt !== undefined) parts.push(`round trip ${figure(rtt)} ms`);
  return parts.join("; ");
}
