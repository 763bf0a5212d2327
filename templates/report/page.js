// Draws each chart when it scrolls into view, in the colours of the scheme; follows clicks on moments.

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const LEAST_AROUND_S = 10;
const LEGEND_PX = 21;

// A run, or the picture of several: what its charts share.
class Run {
  pin = null;

  constructor(node, key) {
    this.node = node;
    this.key = key;
    this.data = JSON.parse(document.getElementById(node.dataset.run).textContent);
    this.whole = this.range = this.data.axis;
    this.charts = new Map();
  }

  chart(node) {
    if (!this.charts.has(node)) this.charts.set(node, new Chart(this, node));
  }

  labelled(spec) {
    return spec.moment !== undefined || spec === this.data.charts[this.node.dataset.picture];
  }

  zoom(range) {
    const [from, to] = range ?? this.whole;
    this.range = [Math.max(from, this.whole[0]), Math.min(to, this.whole[1])];
    this.node.classList.toggle("zoomed", this.range[0] > this.whole[0] || this.range[1] < this.whole[1]);
    for (const chart of this.charts.values()) chart.zoom();
    placeLanes(this.node, this.range);
  }

  // Show a moment in all charts; `link` may name an expectation, whose picture then comes first.
  go(at, link) {
    const around = Math.max(LEAST_AROUND_S, (this.whole[1] - this.whole[0]) / 6);
    const picture = this.node.querySelector(".picture");
    this.pin = at;
    if (picture && link.dataset.picture) {
      this.node.querySelector(".picture-title").textContent = link.dataset.title;
      picture.dataset.chart = link.dataset.picture;
      this.charts.get(picture)?.draw();
    }
    this.zoom([at - around, at + around]);
    (picture?.parentElement ?? this.node).scrollIntoView({ block: "nearest" });
  }

  clock(at) {
    return this.data.started_ms === null ? "" : new Date(this.data.started_ms + at * 1000).toISOString().slice(11, 19);
  }

  tick(at) {
    const clock = this.clock(at);
    return `${Number(at.toFixed(2))} s${clock && `\n${clock}`}`;
  }

  moment(at) {
    const clock = this.clock(at);
    return `${at.toFixed(1)} s${clock && ` · ${clock} UTC`}`;
  }
}

const runs = new Map([...document.querySelectorAll("[data-run]")].map((node, at) => [node, new Run(node, `run${at}`)]));
const runOf = (node) => runs.get(node.closest("[data-run]"));

function isDark() {
  return root.dataset.scheme ? root.dataset.scheme === "dark" : dark.matches;
}

function recolour() {
  document.getElementById("scheme").textContent = isDark() ? "Light colours" : "Dark colours";
  for (const run of runs.values()) for (const chart of run.charts.values()) chart.draw();
}

document.getElementById("scheme").addEventListener("click", () => {
  root.dataset.scheme = isDark() ? "light" : "dark";
  recolour();
});
dark.addEventListener("change", recolour);

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-at]");
  if (link) {
    event.preventDefault();
    runOf(link).go(Number(link.dataset.at), link);
  }
  if (event.target.closest(".whole")) runOf(event.target).zoom(null);
});

// A link to a run unfolds it.
function unfold() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener("hashchange", unfold);
unfold();

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
      seen.unobserve(target);
      runOf(target).chart(target);
    }
  },
  { rootMargin: "600px" },
);
for (const chart of document.querySelectorAll(".chart")) {
  chart.style.minHeight = `${Number(chart.dataset.height) + LEGEND_PX}px`;
  seen.observe(chart);
}
addEventListener("beforeprint", () => document.querySelectorAll(".chart").forEach((chart) => runOf(chart).chart(chart)));
root.classList.add("scripted");
recolour();
