"use strict";
/* Draws each figure when it scrolls into view, in the colours of the current scheme. */

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const probe = document.createElement("span");
const drawn = new Set();
const config = {
  responsive: true,
  displaylogo: false,
  showSendToCloud: false,
  plotlyServerURL: "",
  modeBarButtonsToRemove: ["select2d", "lasso2d"],
};
let following = false;

/* The value with every CSS colour variable replaced by its colour in the current scheme; plotly cannot resolve them. */
function resolved(value) {
  if (typeof value === "string" && /^var\(--[a-z0-9-]+\)$/.test(value)) {
    probe.style.color = value;
    return getComputedStyle(probe).color;
  }
  if (Array.isArray(value)) return value.map(resolved);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, resolved(entry)]));
}

async function draw(plot) {
  const figure = JSON.parse(document.getElementById(plot.dataset.figure).textContent);
  const { data, layout } = resolved(figure);
  if (plot.layout) layout.xaxis.range = plot.layout.xaxis.range;
  await Plotly.react(plot, data, layout, config);
  if (drawn.has(plot)) return;
  drawn.add(plot);
  const range = plot.closest("[data-run]").range;
  if (range) await Plotly.relayout(plot, { "xaxis.range": range });
  plot.on("plotly_relayout", (change) => follow(plot, change));
}

/* Keeps the time axes of all figures of a run in step. */
async function follow(plot, change) {
  const moved = Object.keys(change).some((key) => key.startsWith("xaxis."));
  if (following || !moved) return;
  following = true;
  const run = plot.closest("[data-run]");
  if (change["xaxis.autorange"]) run.range = run.dataset.axis.split(" ").map(Number);
  else run.range = [...plot.layout.xaxis.range];
  const others = [...drawn].filter((other) => run.contains(other));
  await Promise.all(others.map((other) => Plotly.relayout(other, { "xaxis.range": [...run.range] })));
  following = false;
}

function isDark() {
  return root.dataset.scheme ? root.dataset.scheme === "dark" : dark.matches;
}

function recolour() {
  document.getElementById("scheme").textContent = isDark() ? "Light colours" : "Dark colours";
  drawn.forEach(draw);
}

document.getElementById("scheme").addEventListener("click", () => {
  root.dataset.scheme = isDark() ? "light" : "dark";
  recolour();
});
dark.addEventListener("change", recolour);
probe.hidden = true;
document.body.append(probe);
recolour();

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
      seen.unobserve(target);
      draw(target);
    }
  },
  { rootMargin: "800px" },
);
document.querySelectorAll(".plot").forEach((plot) => seen.observe(plot));
