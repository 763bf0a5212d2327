// What is marked and shaded in a chart: the network's changes, the baseline, marks, the moment of an expectation.

function drawShades(plot, { run, spec, colour }) {
  const { ctx, bbox } = plot, { baseline, shades } = run.data;
  const fill = (from, to, name) => {
    const [left, right] = [from, to].map((at) => Math.min(Math.max(plot.valToPos(at, "x", true), bbox.left), bbox.left + bbox.width));
    ctx.fillStyle = colour(name);
    ctx.fillRect(left, bbox.top, Math.max(right - left, from === to ? 2 : 0), bbox.height);
  };
  ctx.save();
  if (baseline) fill(...baseline, "baseline");
  for (const { from, to, client } of shades) if (!spec.client || spec.client === client) fill(from, to, "changed");
  ctx.restore();
}

// Marks and the pin as lines; in a chart with a moment of its own also this one, and what the shades are.
function drawMoments(plot, { run, spec, colour }) {
  const { marks, shades } = run.data;
  const inside = ({ at }) => at >= run.range[0] && at <= run.range[1];
  const labels = [];
  for (const { at, text } of marks.filter(inside)) line(plot, at, colour("mark"), [2, 3]), labels.push({ at, text, ink: colour("mark") });
  if (run.pin !== null && inside({ at: run.pin })) line(plot, run.pin, colour("link"), []);
  if (!run.labelled(spec)) return;
  for (const { from, to, text } of shades) if (to >= run.range[0] && from <= run.range[1]) labels.push({ at: Math.max(from, run.range[0]), text, ink: colour("changed-ink") });
  if (spec.moment && inside(spec.moment)) {
    line(plot, spec.moment.at, colour(spec.moment.colour), [], 2);
    labels.unshift({ ...spec.moment, ink: colour("ink"), bold: true });
  }
  drawLabels(plot, labels, colour("paper"));
}

function line({ ctx, bbox, valToPos }, at, ink, dash, width = 1.5) {
  const x = Math.round(valToPos(at, "x", true)) + 0.5;
  ctx.save();
  ctx.strokeStyle = ink;
  ctx.lineWidth = width * devicePixelRatio;
  ctx.setLineDash(dash.map((part) => part * devicePixelRatio));
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

// Each text at its moment, on the first line where it covers no other.
function drawLabels({ ctx, bbox, valToPos }, labels, paper) {
  const ratio = devicePixelRatio, high = 15 * ratio, gap = 4 * ratio, taken = [];
  ctx.save();
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  for (const { at, text, ink, bold } of labels) {
    ctx.font = `${bold ? "600 " : ""}${12 * ratio}px system-ui, sans-serif`;
    const cut = fitting(ctx, text, bbox.width - 2 * gap), wide = ctx.measureText(cut).width + 2 * gap;
    const x = Math.min(valToPos(at, "x", true) + gap, bbox.left + bbox.width - wide);
    const row = [0, 1, 2, 3, 4].find((one) => !taken.some((span) => span.row === one && x < span.to && x + wide > span.from));
    if (row === undefined) continue;
    taken.push({ row, from: x, to: x + wide });
    ctx.globalAlpha = 0.8;
    ctx.fillStyle = paper;
    ctx.fillRect(x, bbox.top + row * high, wide, high);
    ctx.globalAlpha = 1;
    ctx.fillStyle = ink;
    ctx.fillText(cut, x + gap, bbox.top + (row + 0.5) * high);
  }
  ctx.restore();
}

function fitting(ctx, text, most) {
  let cut = text;
  while (cut.length > 4 && ctx.measureText(cut).width > most) cut = `${cut.slice(0, -5).trimEnd()}…`;
  return cut;
}
