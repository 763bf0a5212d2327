// Values as texts, and the lanes between the charts: bars, pictures and lines that a zoom moves.

const PREFIXES = [[1e9, "G"], [1e6, "M"], [1e3, "k"]];

function prefixed(value) {
  const [by, prefix] = PREFIXES.find(([by]) => Math.abs(value) >= by) ?? [1, ""];
  return [short(value / by), prefix];
}

const short = (value) => String(Number(value.toPrecision(3)));

function tickText(value, unit) {
  return unit === "%" ? `${short(value * 100)}%` : prefixed(value).join("");
}

function valueText(value, { words, unit }) {
  if (words) return words[value] ?? "";
  if (unit === "%") return `${short(value * 100)} %`;
  if (unit === "bit/s") return prefixed(value).join(" ") + "bit/s";
  return `${short(value)}${unit ? ` ${unit}` : ""}`;
}

// Where each bar, tick and picture of a run is, in the span that is shown.
function placeLanes(node, [from, to]) {
  const percent = (at) => (100 * (at - from)) / (to - from);
  for (const one of node.querySelectorAll("[data-from]")) {
    const left = percent(Number(one.dataset.from));
    const right = one.dataset.to === undefined ? left : percent(Number(one.dataset.to));
    one.classList.toggle("away", right < 0 || left > 100);
    one.setAttribute("x", `${Math.max(left, 0)}%`);
    if (one.dataset.to !== undefined) one.setAttribute("width", `${Math.max(Math.min(right, 100) - Math.max(left, 0), 0)}%`);
  }
}
