// What is kept of a test: its report, conditions, statistics, logs and pictures of every client, and the reports of its
// scenarios.

const PATIENCE_MS = 10_000;
// The server collects evidence for it, for up to ten seconds.
const REPORT_MS = 20_000;

// Attach it; a part that cannot be had is left out, with its reason in synthlab-problems.txt.
export async function attachEvidence(lab, testInfo) {
  const problems = [];
  const attempt = async (name, contentType, make, patienceMs = PATIENCE_MS) => {
    try {
      const body = await limited(make(), patienceMs);
      await testInfo.attach(name, { body, contentType });
    } catch (error) {
      problems.push(`${name}: ${error.message.split("\n")[0]}`);
    }
  };
  await attempt("synthlab-report.html", "text/html", () => lab.report(...outcome(testInfo)), REPORT_MS);
  await attempt("synthlab-states.json", "application/json", async () => json(await states(lab)));
  await attempt("synthlab-stats.json", "application/json", async () => json(await lab.stats()));
  await attempt("synthlab-logs.txt", "text/plain", async () => written(await lab.api.get(`${lab.path}/logs`)));
  await attempt("synthlab-console.txt", "text/plain", async () => written(await lab.api.get(`${lab.path}/console`)));
  for (const { name, debugger: browser } of await lab.participants()) {
    if (browser) await attempt(`synthlab-${name}.png`, "image/png", () => picture(lab, name));
  }
  for (const [at, run] of lab.runs.entries()) {
    await attempt(`synthlab-report-${at + 1}.html`, "text/html", () => run.report());
  }
  if (problems.length) await testInfo.attach("synthlab-problems.txt", { body: problems.join("\n"), contentType: "text/plain" });
}

// The verdict of a test and why, in one line without colours.
function outcome({ status, error }) {
  const reason = (error?.message ?? "").replace(/\x1b\[[0-9;]*m/g, "").split("\n")[0].slice(0, 1000);
  if (status === "passed") return ["passed", reason];
  return [reason.startsWith("Inconclusive") ? "inconclusive" : "failed", reason || status];
}

async function picture(lab, name) {
  const page = await lab.client(name).page();
  return page.screenshot({ timeout: PATIENCE_MS });
}

async function states(lab) {
  const names = await lab.names();
  const answers = await Promise.all(names.map((name) => lab.client(name).state()));
  return Object.fromEntries(names.map((name, at) => [name, answers[at]]));
}

const written = ({ lines }) => lines.map(({ time, writer, text }) => `${time} ${writer} ${text}\n`).join("");

const json = (value) => JSON.stringify(value, undefined, 2);

async function limited(made, patienceMs) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${patienceMs / 1000} s`)), patienceMs);
  });
  try {
    return await Promise.race([made, late]);
  } finally {
    clearTimeout(timer);
  }
}
