// A line of the last two minutes, as high as a word.

import { html } from "./shared.js";

const WIDTH = 60, HEIGHT = 16, SHOWN_S = 120;

// `points` are [seconds before now, value]; `top` is the value at the top.
export function SparkLine({ points, top }) {
  const at = ([ago_s, value]) => `${(WIDTH * (1 - ago_s / SHOWN_S)).toFixed(1)},${(HEIGHT - 1 - (HEIGHT - 2) * Math.min(1, value / (top || 1))).toFixed(1)}`;
  const shown = points.filter(([ago_s, value]) => ago_s <= SHOWN_S && value !== undefined);
  return html`<svg class="spark" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} width=${WIDTH} height=${HEIGHT} aria-hidden="true" preserveAspectRatio="none">
    <polyline points=${shown.map(at).join(" ")} /></svg>`;
}
