// A chart of the last two minutes, small enough to stand under the sliders that it answers.

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { SHOWN_S } from "../store.js";
import { html, useEffect, useRef, useState } from "./html.js";

const AXIS_PX = 60;
const LABEL_PX = 44, APART_PX = 3;
const FONT = "10px system-ui, sans-serif";
const LAST = { from: -SHOWN_S, to: 0, ticks: [-SHOWN_S, -SHOWN_S / 2, 0], tickOf: (at) => (at === -SHOWN_S / 2 ? "1 min ago" : "") };
const DARK = "(prefers-color-scheme: dark)";

// `lines` are {values, colour, width, dash, fill, bars, scale}; colours are names of CSS variables. `at` are seconds
// before the newest sample. `marks` are {at_s, text}. `tops` are the top values of the scales by name ("y", "bars").
// `span` is {from, to, ticks, tickOf}: the times shown, by default the last two minutes.
export function TimeChart({ label, at, lines, marks, tops, format, height, times, span = LAST }) {
  const holder = useRef(null), plot = useRef(null), drawn = useRef({});
  drawn.current = { marks, tops, span, format };
  const scheme = useScheme();

  useEffect(() => {
    const node = holder.current;
    const options = optionsOf({ node, lines, drawn, height, times });
    const made = plot.current = new uPlot(options, [at, ...lines.map(({ values }) => values)], node);
    const resized = new ResizeObserver(() => made.setSize({ width: node.clientWidth, height }));
    resized.observe(node);
    return () => { resized.disconnect(); made.destroy(); plot.current = null; };
  }, [scheme, lines.length, height, times]);

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

function optionsOf({ node, lines, drawn, height, times }) {
  const colour = colourIn(node);
  const soft = colour("--soft"), line = colour("--line");
  const top = (name) => () => [0, drawn.current.tops[name] || 1];
  return {
    width: node.clientWidth || 300, height, pxAlign: 1,
    cursor: { show: false }, legend: { show: false }, select: { show: false },
    padding: [4, 4, times ? 0 : 4, 0],
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
    hooks: { draw: [(chart) => drawMarks(chart, drawn.current.marks, soft)] },
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

// A thin line for each mark, without those right beside another, and its text where there is room.
function drawMarks({ ctx, bbox, valToPos }, marks, colour) {
  const ratio = devicePixelRatio;
  let free = -Infinity, last = -Infinity;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = 1;
  ctx.setLineDash([]);
  ctx.font = `${9 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  for (const { at_s: at, text } of marks) {
    const x = Math.round(valToPos(at, "x", true)) + 0.5;
    if (x < last + APART_PX * ratio) continue;
    last = x;
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
