// Requests to the client's API. Every answer is JSON; an error is one line.

export class ApiError extends Error {}

export class Api {
  // Changes are made in the name of `by`.
  constructor(by = "page", request = (url, options) => fetch(url, options)) {
    Object.assign(this, { by, request });
  }

  state() { return this.ask("GET", "/v1/state"); }
  schema() { return this.ask("GET", "/v1/schema"); }
  files() { return this.ask("GET", "/v1/files"); }
  profiles() { return this.ask("GET", "profiles.json"); }

  change(body, lease) { return this.ask("PATCH", "/v1/conditions", { by: this.by, lease }, body); }
  check(body) { return this.ask("PATCH", "/v1/conditions", { check: true }, body); }
  restore(base) { return this.ask("PUT", "/v1/conditions", { by: this.by, restore: true, keep: true }, base); }
  reset() { return this.ask("DELETE", "/v1/conditions", { by: this.by }); }
  renew(id, lasts) { return this.ask("PUT", `/v1/leases/${id}`, { by: this.by, for: lasts }); }
  release(id) { return this.ask("DELETE", `/v1/leases/${id}`, { by: this.by }); }

  putFile(name, text) {
    return this.ask("PUT", `/v1/files/${encodeURIComponent(name)}`, {}, text, "text/plain");
  }

  // `keepalive` lets a request outlive its page: a release may be the last that a page does.
  async ask(method, path, parameters = {}, body = undefined, type = "application/json") {
    const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
    const query = given.length ? `?${new URLSearchParams(given)}` : "";
    const content = body === undefined || type === "text/plain" ? body : JSON.stringify(body);
    const headers = content === undefined ? {} : { "Content-Type": type };
    const answer = await this.request(`${path}${query}`,
      { method, headers, body: content, cache: "no-store", keepalive: method === "DELETE" });
    const parsed = await answer.json();
    if (!answer.ok) throw new ApiError(parsed.error);
    return parsed;
  }
}
