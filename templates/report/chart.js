// One chart of a run: lines over time, with what is marked and shaded on the run's time axis. All charts of a run show
// the same span, and the values at the same moment.

const AXIS_PX = 62;
const RIGHT_PX = 30;
const CLOCK_PX = 36;
const TICK_PX = 76;
const FONT = "11px system-ui, sans-serif";
const HEADROOM = 1.12;
const LABEL_ROOM = 1.4;
const LOOKS = {
  solid: { width: 1.75 },
  dashed: { width: 1.5, dash: [5, 4] },
  faint: { width: 1.25, alpha: 0.45 },
  configured: { width: 6, band: true, steps: true },
  limit: { width: 1.75, dash: [7, 4], steps: true },
};

class Chart {
  constructor(run, node) {
    this.run = run;
    this.node = node;
    this.hidden = new Set();
    new ResizeObserver(() => this.fit()).observe(node);
    this.draw();
  }

  draw() {
    this.plot?.destroy();
    this.node.replaceChildren();
    this.spec = this.run.data.charts[this.node.dataset.chart];
    this.colour = colourIn(this.node);
    const { columns, data } = tableOf(this.run, this.spec);
    this.columns = columns;
    this.node.append((this.legend = new Legend(this)).node);
    this.plot = new uPlot(optionsOf(this, data), data, this.node);
    this.legend.show(null);
    this.zoom();
  }

  fit() {
    const width = this.node.clientWidth;
    if (width && width !== this.plot.width) this.plot.setSize({ width, height: this.plot.height });
  }

  zoom() {
    const [min, max] = this.run.range;
    this.plot.setScale("x", { min, max });
    this.node.dataset.span = `${min} ${max}`;
  }
}

// The data as columns, and for each line its columns in it. Lines in steps last until their next value.
function tableOf({ data }, { lines }) {
  const tables = lines.map(({ times, values, low }) => [data.times[times], values, ...(low ? [low] : [])]);
  const joined = uPlot.join(tables);
  const columns = [];
  let next = 1;
  for (const { look, low } of lines) {
    columns.push({ at: next, low: low ? next + 1 : null });
    if (LOOKS[look].steps) for (const at of low ? [next, next + 1] : [next]) joined[at] = lasting(joined[at]);
    next += low ? 2 : 1;
  }
  return { columns, data: joined };
}

// One that ends is drawn up to its end.
function lasting(values) {
  let last = null;
  return values.map((value) => {
    const shown = value ?? last;
    if (value !== undefined) last = value;
    return shown;
  });
}

function optionsOf(chart, data) {
  const { run, node, spec, colour } = chart;
  const grid = { stroke: colour("grid"), width: 1 };
  const axis = { font: FONT, stroke: colour("soft"), grid, ticks: { stroke: colour("grid"), size: 4 } };
  return {
    width: node.clientWidth || 320,
    height: Number(node.dataset.height),
    padding: [6, RIGHT_PX, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: run.key },
      drag: { x: true, y: false, setScale: false },
      points: { size: 5 },
      bind: { dblclick: () => () => (run.zoom(null), null) },
    },
    scales: { x: { time: false, range: () => run.range }, y: { range: (plot, low, high) => span(spec, low, high, run.labelled(spec) ? LABEL_ROOM : HEADROOM) } },
    axes: [
      { ...axis, size: CLOCK_PX, space: TICK_PX, values: (plot, splits) => splits.map((at) => run.tick(at)) },
      { ...axis, size: AXIS_PX, space: 24, ...valuesOf(spec) },
    ],
    series: [{}, ...spec.lines.flatMap((line, at) => seriesOf(line, chart.columns[at], chart, data))],
    bands: chart.columns.flatMap(({ at, low }, line) =>
      low ? [{ series: [at, low], fill: colour(`${spec.lines[line].colour}-band`) }] : []),
    hooks: {
      drawClear: [(plot) => drawShades(plot, chart)],
      draw: [(plot) => drawMoments(plot, chart)],
      setCursor: [(plot) => chart.legend.show(plot.cursor.idx ?? null)],
      setSelect: [(plot) => plot.select.width > 3 && run.zoom([plot.select.left, plot.select.left + plot.select.width].map((at) => plot.posToVal(at, "x")))],
    },
  };
}

function seriesOf({ colour: name, look }, { low }, { colour, spec }) {
  const { width, dash, alpha = 1, band, steps } = LOOKS[look];
  const stepped = steps || spec.words;
  const one = {
    stroke: colour(band ? `${name}-band` : name), width, dash, alpha, spanGaps: false, points: { show: false },
    paths: stepped ? uPlot.paths.stepped({ align: 1 }) : uPlot.paths.linear(),
  };
  return low ? [{ ...one, width: 0 }, { ...one, width: 0 }] : [one];
}

// From 0, or the lowest negative value, to a little above the highest.
function span({ words }, low, high, room) {
  if (words) return [-0.5, words.length * room - 0.5];
  const least = Math.min(low ?? 0, 0), most = Math.max(high ?? 1, 0);
  return [least * HEADROOM, (most - least || 1) * room + least];
}

function valuesOf({ words, unit }) {
  if (!words) return { values: (plot, splits) => splits.map((value) => tickText(value, unit)) };
  return { splits: () => words.map((word, at) => at), values: (plot, splits) => splits.map((at) => words[at].slice(0, 9)) };
}

// The colour of a CSS variable as a canvas takes it: a variable may hold `light-dark()`, which only a style resolves.
const colourIn = (node) => (name) => {
  node.style.color = `var(--${name})`;
  const { color } = getComputedStyle(node);
  node.style.color = "";
  return color;
};

// The names of the lines, with their values at the moment under the pointer. A click hides a line.
class Legend {
  constructor(chart) {
    this.chart = chart;
    this.node = made("div", "legend");
    this.time = made("span", "time");
    this.values = chart.spec.lines.map((line, at) => {
      const key = made("button", "key"), swatch = made("i", LOOKS[line.look].band ? "wide" : LOOKS[line.look].dash ? "dashed" : ""), value = made("b", "");
      key.type = "button";
      swatch.style.color = chart.colour(LOOKS[line.look].band ? `${line.colour}-band` : line.colour);
      key.append(swatch, line.name, " ", value);
      key.addEventListener("click", () => this.toggle(at, key));
      this.node.append(key);
      return value;
    });
    this.node.append(this.time);
  }

  toggle(at, key) {
    const { plot, columns } = this.chart, { at: first, low } = columns[at];
    const show = key.classList.toggle("off") === false;
    for (const column of low ? [first, low] : [first]) plot.setSeries(column, { show });
  }

  show(idx) {
    const { chart } = this;
    chart.spec.lines.forEach((line, at) => {
      const { at: column, low } = chart.columns[at];
      const value = idx === null ? null : before(chart.plot.data[column], idx);
      const least = idx === null || !low ? null : before(chart.plot.data[low], idx);
      const range = least !== null && least !== value ? `${valueText(least, chart.spec)} to ` : "";
      this.values[at].textContent = value === null || line.look === "limit" ? "" : range + valueText(value, chart.spec);
    });
    this.time.textContent = idx === null ? "" : chart.run.moment(chart.plot.data[0][idx]);
  }
}

// The value at a moment, or the one before it where other lines alone have one there.
function before(values, at) {
  while (at > 0 && values[at] === undefined) at -= 1;
  return values[at] ?? null;
}

function made(tag, name) {
  const element = document.createElement(tag);
  element.className = name;
  return element;
}
