// A chart of the last two minutes, small enough to stand under the sliders that it answers.

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { SHOWN_S } from "../store.js";
import { html, useEffect, useRef, useState } from "./html.js";

const AXIS_PX = 60;
const LABEL_PX = 44, STRIP_PX = 14;
const FONT = "10px system-ui, sans-serif";
const LAST = { from: -SHOWN_S, to: 0, ticks: [-SHOWN_S, -SHOWN_S / 2, 0], tickOf: (at) => (at === -SHOWN_S / 2 ? "1 min ago" : "") };
const DARK = "(prefers-color-scheme: dark)";

// `lines` are {values, colour, width, dash, fill, bars, scale}; colours are names of CSS variables. `at` are seconds
// before the newest sample. `marks` are {at_s, text}. `tops` are the top values of the scales by name ("y", "bars").
// `span` is {from, to, ticks, tickOf}: the times shown, by default the last two minutes. `spans` are {from_s, to_s, text,
// share}: parts of the time to tell apart, the darker the greater their share; with `names`, their texts stand above.
export function TimeChart({ label, at, lines, marks, tops, format, height, times, span = LAST, spans = [], names = false }) {
  const holder = useRef(null), plot = useRef(null), drawn = useRef({});
  drawn.current = { marks, tops, span, format, spans };
  const strip = names && spans.length > 0;
  const full = height + (strip ? STRIP_PX : 0);
  const scheme = useScheme();

  useEffect(() => {
    const node = holder.current;
    const options = optionsOf({ node, lines, drawn, height: full, times, strip });
    const made = plot.current = new uPlot(options, [at, ...lines.map(({ values }) => values)], node);
    const resized = new ResizeObserver(() => made.setSize({ width: node.clientWidth, height: full }));
    resized.observe(node);
    return () => { resized.disconnect(); made.destroy(); plot.current = null; };
  }, [scheme, lines.length, full, times]);

  useEffect(() => { plot.current?.setData([at, ...lines.map(({ values }) => values)]); });

  return html`<div class="chart" role="img" aria-label=${label} ref=${holder}></div>`;
}

function useScheme() {
  const [dark, setDark] = useState(matchMedia(DARK).matches);
  useEffect(() => {
    const query = matchMedia(DARK), follow = () => setDark(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  return dark;
}

function optionsOf({ node, lines, drawn, height, times, strip }) {
  const colour = colourIn(node);
  const soft = colour("--soft"), line = colour("--line");
  const top = (name) => () => [0, drawn.current.tops[name] || 1];
  return {
    width: node.clientWidth || 300, height, pxAlign: 1,
    cursor: { show: false }, legend: { show: false }, select: { show: false },
    padding: [strip ? 4 + STRIP_PX : 4, 4, times ? 0 : 4, 0],
    scales: { x: { time: false, range: () => [drawn.current.span.from, drawn.current.span.to] }, y: { range: top("y") }, bars: { range: top("bars") } },
    axes: [
      { show: times, size: 16, gap: 2, font: FONT, stroke: soft, ticks: { show: false }, grid: { show: false },
        splits: () => drawn.current.span.ticks, values: (chart, splits) => splits.map(drawn.current.span.tickOf) },
      { size: AXIS_PX, gap: 4, font: FONT, stroke: soft, ticks: { show: false }, grid: { stroke: line, width: 1 },
        splits: (chart, axis, from, to) => [0, roundBelow(to * 0.8)], values: (chart, splits) => splits.map((value) => (value ? drawn.current.format(value) : "0")) },
    ],
    series: [{}, ...lines.map((one) => ({
      scale: one.scale ?? "y", stroke: colour(one.colour), width: one.width ?? 1, dash: one.dash, points: { show: false },
      fill: one.fill && colour(one.fill), spanGaps: false,
      paths: one.bars ? uPlot.paths.bars({ size: [0.8, 4] }) : one.dash ? uPlot.paths.stepped({ align: 1 }) : undefined,
    }))],
    hooks: {
      drawClear: [(chart) => drawSpans(chart, drawn.current.spans, { strip, tint: colour("--accent"), text: colour("--text") })],
      draw: [(chart) => drawMarks(chart, drawn.current.marks, soft)],
    },
  };
}

// The largest of 1, 2, 5, 10, 20, ... that is at most `most`.
function roundBelow(most) {
  const power = 10 ** Math.floor(Math.log10(most));
  return power * [5, 2, 1].find((digit) => digit * power <= most);
}

// The colour of a CSS variable as a canvas takes it: a variable may hold `light-dark()`, which only a style resolves.
const colourIn = (node) => (name) => {
  node.style.color = `var(${name})`;
  const { color } = getComputedStyle(node);
  node.style.color = "";
  return color;
};

// A tint for each span behind the lines and, with `strip`, its text above them where there is room.
function drawSpans({ ctx, bbox, valToPos }, spans, { strip, tint, text }) {
  const ratio = devicePixelRatio;
  const high = strip ? STRIP_PX * ratio : 0;
  ctx.save();
  ctx.font = `${9 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = "middle";
  for (const { from_s: from, to_s: to, text: name, share } of spans) {
    const x = valToPos(from, "x", true), wide = valToPos(to, "x", true) - x;
    ctx.fillStyle = tint;
    ctx.globalAlpha = 0.16 * share;
    ctx.fillRect(x, bbox.top, wide, bbox.height);
    if (!strip) continue;
    ctx.globalAlpha = 0.1 + 0.25 * share;
    ctx.fillRect(x, bbox.top - high, Math.max(0, wide - ratio), high - 2 * ratio);
    ctx.globalAlpha = 1;
    ctx.fillStyle = text;
    if (ctx.measureText(name).width + 6 * ratio < wide) ctx.fillText(name, x + 3 * ratio, bbox.top - high / 2 - ratio);
  }
  ctx.restore();
}

// A thin line for each change, and who made it where there is room.
function drawMarks({ ctx, bbox, valToPos }, marks, colour) {
  const ratio = devicePixelRatio;
  let free = -Infinity;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = 1;
  ctx.setLineDash([]);
  ctx.font = `${9 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  for (const { at_s: at, text } of marks) {
    const x = Math.round(valToPos(at, "x", true)) + 0.5;
    ctx.globalAlpha = 0.35;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    if (text && x > free) {
      const wide = ctx.measureText(text).width;
      const right = bbox.left + bbox.width;
      ctx.fillText(text, Math.min(x + 3 * ratio, right - wide), bbox.top);
      free = x + Math.max(wide, LABEL_PX * ratio) + 6 * ratio;
    }
  }
  ctx.restore();
}
