// A Janus session over one WebSocket: matches answers to requests and events to handles.

const CONNECT_MS = 6_000; // TCP retries after 1 and 3 s; the next retry, after 7 s, would come too late after an outage
const ANSWER_MS = 10_000;
const KEEPALIVE_MS = 10_000;
const SILENCE_MS = 30_000; // TCP's backoff takes up to 30 s to recover from an outage of 15 s

/** Janus or its plugin answered with an error; the message is theirs. */
export class Refused extends Error {}

export class Session {
  /** Resolves with the reason, as text, once the session has ended. */
  over;

  #socket;
  #id;
  #end;
  #waiting = new Map(); // transaction -> {resolve, reject}
  #handles = new Map(); // handle id -> what to call with its events
  #count = 0;
  #timer;

  static async open(url) {
    const session = new Session(await connect(url));
    try {
      session.#id = (await session.#request({ janus: "create" })).data.id;
    } catch (error) {
      session.close("creating the session failed");
      throw error;
    }
    session.#timer = setInterval(() => session.#keepAlive(), KEEPALIVE_MS);
    return session;
  }

  constructor(socket) {
    this.#socket = socket;
    this.over = new Promise((resolve) => (this.#end = resolve));
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = () => this.close("the connection to the server was lost");
  }

  /** A new handle to a plugin; `onEvent(message)` receives its unsolicited events. */
  async attach(plugin, onEvent) {
    const { data } = await this.#request({ janus: "attach", plugin });
    this.#handles.set(data.id, onEvent);
    return new Handle(data.id, (message, timeout) => this.#request(message, timeout), () =>
      this.#handles.delete(data.id),
    );
  }

  close(reason = "left") {
    clearInterval(this.#timer);
    this.#socket.onclose = this.#socket.onmessage = null;
    this.#socket.close();
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
    this.#end(reason);
  }

  #request(message, timeout = ANSWER_MS) {
    const transaction = String(++this.#count);
    const answer = new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(reject)(new Error(`no answer to ${message.janus}`)), timeout);
      const settle = (done) => (value) => {
        clearTimeout(timer);
        this.#waiting.delete(transaction);
        done(value);
      };
      this.#waiting.set(transaction, { kind: message.janus, resolve: settle(resolve), reject: settle(reject) });
    });
    this.#socket.send(JSON.stringify({ ...message, transaction, session_id: this.#id }));
    return answer;
  }

  #receive(message) {
    const waiting = this.#waiting.get(message.transaction);
    if (message.janus === "timeout") {
      this.close("the server ended the session");
    } else if (!waiting) {
      this.#handles.get(message.sender)?.(message);
    } else if (message.janus === "ack" && waiting.kind === "message") {
      // The plugin's answer follows as an event with the same transaction.
    } else if (failure(message)) {
      waiting.reject(new Refused(failure(message)));
    } else {
      waiting.resolve(message);
    }
  }

  #keepAlive() {
    this.#request({ janus: "keepalive" }, SILENCE_MS).catch((error) => this.close(error.message));
  }
}

/** A handle to a plugin. */
class Handle {
  #id;
  #request;
  #forget;

  constructor(id, request, forget) {
    this.#id = id;
    this.#request = request;
    this.#forget = forget;
  }

  /** Send a request; resolves to the answer's `{data, jsep}`. */
  async ask(body, jsep) {
    const answer = await this.#send({ janus: "message", body, ...(jsep && { jsep }) });
    return { data: answer.plugindata.data, jsep: answer.jsep };
  }

  /** Send an ICE candidate; null marks the last. */
  async trickle(candidate) {
    await this.#send({ janus: "trickle", candidate: candidate ?? { completed: true } });
  }

  async detach() {
    this.#forget();
    await this.#send({ janus: "detach" });
  }

  #send(message) {
    return this.#request({ ...message, handle_id: this.#id });
  }
}

/** The error of Janus or its plugin; undefined if there is none. */
function failure(message) {
  return message.error?.reason ?? message.plugindata?.data?.error;
}

function connect(url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, "janus-protocol");
    const fail = () => {
      clearTimeout(timer);
      socket.onopen = socket.onerror = null;
      socket.close();
      reject(new Error("the server does not answer"));
    };
    const timer = setTimeout(fail, CONNECT_MS);
    socket.onerror = fail;
    socket.onopen = () => {
      clearTimeout(timer);
      socket.onerror = null;
      resolve(socket);
    };
  });
}
