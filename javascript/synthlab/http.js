// One HTTP server that speaks JSON: a client's API, or the lab's.

import { SynthlabError, WrongUse } from "./errors.js";
import { parseEvents } from "./event_stream.js";

export class Http {
  // `who` begins the messages of errors, `token` is sent as bearer token.
  constructor(url, { who = url, token } = {}) {
    this.url = url.replace(/\/$/, "");
    this.who = who;
    this.token = token;
  }

  get headers() {
    return this.token ? { authorization: `Bearer ${this.token}` } : {};
  }

  // The same server below a path, for the relay of one client.
  below(path, who) {
    return new Http(this.url + path, { who, token: this.token });
  }

  get(path, query) {
    return this.json("GET", path, { query });
  }

  async json(method, path, options) {
    return (await this.#answer(method, path, options)).json();
  }

  async text(path, query) {
    return (await this.#answer("GET", path, { query })).text();
  }

  // The answer to what is sent, as text.
  async sent(method, path, body) {
    return (await this.#answer(method, path, { body })).text();
  }

  async bytes(path) {
    return (await this.#answer("GET", path)).arrayBuffer();
  }

  // Server-sent events, until the server ends them, the loop is left, or `signal` aborts.
  async *events(path, { query, signal } = {}) {
    const stop = new AbortController();
    const abort = () => stop.abort();
    signal?.addEventListener("abort", abort);
    try {
      if (signal?.aborted) return;
      const answer = await this.#answer("GET", path, { query, signal: stop.signal });
      yield* parseEvents(answer.body);
    } catch (error) {
      if (signal?.aborted) return;
      throw error instanceof SynthlabError ? error : new SynthlabError(`${this.who}: the stream of events broke off: ${reason(error)}`);
    } finally {
      signal?.removeEventListener("abort", abort);
      stop.abort();
    }
  }

  async #answer(method, path, { query, body, signal } = {}) {
    const present = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
    const search = present.length ? `?${new URLSearchParams(present)}` : "";
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const headers = { ...this.headers, ...(sent.body && { "content-type": "application/json" }) };
    let answer;
    try {
      answer = await fetch(this.url + path + search, { method, headers, signal, redirect: "error", ...sent });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new SynthlabError(`${this.who}: no answer from ${this.url}: ${reason(error)}`);
    }
    if (!answer.ok) throw refusal(this.who, answer.status, await answer.text());
    return answer;
  }
}

function refusal(who, status, text) {
  const Kind = status >= 400 && status < 500 ? WrongUse : SynthlabError;
  return new Kind(`${who}: ${errorIn(text) ?? `status ${status}`}`);
}

function errorIn(text) {
  try {
    return JSON.parse(text).error;
  } catch {
    return undefined;
  }
}

// fetch hides the cause: ECONNREFUSED and the like.
const reason = (error) => error.cause?.code ?? error.cause?.message ?? error.message;
