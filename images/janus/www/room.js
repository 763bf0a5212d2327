// One participant's side of a video room: publishes its media, receives everyone else's.

import { connect } from "./connection.js";
import { Refused, Session } from "./session.js";

const PLUGIN = "janus.plugin.videoroom";

export class Room {
  /** Resolves with the reason, as text, once the session has ended. */
  over;

  #session;
  #options;
  #onChange;
  #end;
  #publisher;
  #privateId;
  #subscriptions = new Map(); // feed id -> Subscription

  /** `onChange(name, call)`: `call` is `{stream, connection}`, or null for a participant who left. */
  static async join(options, stream, onChange) {
    const room = new Room(await Session.open(options.server), options, onChange);
    try {
      await room.#enter(stream);
    } catch (error) {
      room.leave();
      throw error;
    }
    return room;
  }

  constructor(session, options, onChange) {
    this.#session = session;
    this.#options = options;
    this.#onChange = onChange;
    this.over = new Promise((resolve) => (this.#end = resolve));
    session.over.then(this.#end);
  }

  leave() {
    for (const feed of [...this.#subscriptions.keys()]) this.#drop(feed);
    this.#publisher?.close();
    this.#onChange(this.#options.name, null);
    this.#session.close();
  }

  async #enter(stream) {
    const { name, room } = this.#options;
    const handle = await this.#session.attach(PLUGIN, (message) => this.#hear(message));
    const joined = await handle.ask({ request: "join", ptype: "publisher", room, display: name });
    this.#privateId = joined.data.private_id;
    this.#publisher = this.#connection(handle, () => {
      this.#publisher.restartIce();
      return this.#offer(handle);
    });
    for (const track of stream.getTracks()) this.#publisher.addTrack(track, stream);
    await this.#offer(handle);
    this.#onChange(name, { stream, connection: this.#publisher });
    this.#welcome(joined.data.publishers);
  }

  async #offer(handle) {
    await this.#publisher.setLocalDescription();
    const answer = await handle.ask({ request: "configure" }, this.#publisher.localDescription.toJSON());
    await this.#publisher.setRemoteDescription({ ...answer.jsep, sdp: withLowBitrateAudio(answer.jsep.sdp) });
  }

  /** Handle an unsolicited event about the room. */
  #hear({ janus, reason, plugindata }) {
    const data = plugindata?.data ?? {};
    this.#welcome(data.publishers);
    for (const gone of [data.leaving, data.unpublished]) this.#drop(gone);
    if (janus === "hangup") this.#end(`the server hung up: ${reason}`);
  }

  #welcome(publishers = []) {
    for (const { id, display } of publishers) {
      // After an outage our previous session stays listed until the server times it out: skip it.
      if (display === this.#options.name || this.#subscriptions.has(id)) continue;
      for (const [feed, { name }] of this.#subscriptions) if (name === display) this.#drop(feed);
      this.#subscribe(id, display).catch((error) => {
        if (error instanceof Refused) this.#drop(id); // the participant left in the meantime
        else this.#end(error.message);
      });
    }
  }

  async #subscribe(feed, name) {
    const subscription = { name };
    this.#subscriptions.set(feed, subscription);
    const handle = await this.#session.attach(PLUGIN, ({ janus, jsep }) => {
      if (this.#subscriptions.get(feed) !== subscription) return;
      if (jsep) this.#answer(subscription, jsep).catch((error) => this.#end(error.message));
      if (janus === "hangup") this.#subscribeAgain(feed, name);
    });
    if (this.#subscriptions.get(feed) !== subscription) return handle.detach(); // left in the meantime
    subscription.handle = handle;
    subscription.connection = this.#connection(handle, async () => {
      await this.#answer(subscription, (await handle.ask({ request: "configure", restart: true })).jsep);
    });
    subscription.connection.ontrack = ({ streams: [stream] }) => {
      this.#onChange(name, { stream, connection: subscription.connection });
    };
    window.synthlab?.participant(subscription.connection, name);
    const { room } = this.#options;
    const body = { request: "join", ptype: "subscriber", room, streams: [{ feed }], private_id: this.#privateId };
    await this.#answer(subscription, (await handle.ask(body)).jsep);
  }

  #subscribeAgain(feed, name) {
    this.#drop(feed);
    setTimeout(() => this.#welcome([{ id: feed, display: name }]), 1_000);
  }

  async #answer({ handle, connection }, offer) {
    await connection.setRemoteDescription({ ...offer, sdp: withoutFeedback(offer.sdp) });
    await connection.setLocalDescription();
    await handle.ask({ request: "start" }, connection.localDescription.toJSON());
  }

  #drop(feed) {
    const subscription = this.#subscriptions.get(feed);
    if (!subscription) return;
    this.#subscriptions.delete(feed);
    subscription.connection?.close();
    subscription.handle?.detach().catch(() => {}); // fails if the session has ended, and then nothing is left to detach
    this.#onChange(subscription.name, null);
  }

  #connection(handle, restart) {
    return connect(handle, this.#options.ice, restart, () => this.#end("the network failed"));
  }
}

// Janus does not use a receiver's transport-wide congestion control feedback, which costs some 15 kbit/s upstream per
// video: leave it out.
function withoutFeedback(sdp) {
  return sdp.replace(/^a=(extmap:.*transport-wide-cc.*|rtcp-fb:.* transport-cc)\r\n/gm, "");
}

// Leave bandwidth for video on slow links: 16 kbit/s in 60 ms packets is enough for speech. With the usual 20 ms
// packets the headers alone take 30 kbit/s.
function withLowBitrateAudio(sdp) {
  const [line, opus] = sdp.match(/^a=rtpmap:(\d+) opus\/.*\r\n/m) ?? [];
  const lines = `${line}a=ptime:60\r\na=fmtp:${opus} maxaveragebitrate=16000\r\n`;
  return opus ? sdp.replace(new RegExp(`^a=fmtp:${opus} .*\r\n`, "gm"), "").replace(line, lines) : sdp;
}
