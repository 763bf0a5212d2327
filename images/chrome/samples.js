// Added to every document before its own scripts: keeps hold of the page's RTCPeerConnections, so that they can be
// sampled from outside, and lets the page say whose media is whose.
(() => {
  const Native = globalThis.RTCPeerConnection;
  if (!Native || globalThis.synthlab) return;

  const KEPT = new Set(["inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "candidate-pair", "transport"]);
  const live = new Map(); // connection -> its number
  const names = new WeakMap(); // track, stream or connection -> the participant's name
  const streams = new WeakMap(); // track -> the stream that it arrived in
  let count = 0;

  class RTCPeerConnection extends Native {
    constructor(...parameters) {
      super(...parameters);
      live.set(this, ++count);
      this.addEventListener("track", ({ track, streams: [stream] }) => stream && streams.set(track, stream));
    }
  }

  /** What names a received track, best first; the reader picks. */
  function describe({ receiver: { track }, mid }) {
    const stream = streams.get(track);
    return [track.id, { name: names.get(track) ?? names.get(stream), stream: stream?.id, mid }];
  }

  async function sampleOne(connection, id) {
    const report = await connection.getStats();
    return {
      id,
      name: names.get(connection),
      tracks: Object.fromEntries(connection.getTransceivers().map(describe)),
      stats: [...report.values()].filter((entry) => KEPT.has(entry.type)),
    };
  }

  /** The raw state of every connection that is not closed. */
  function sample() {
    for (const connection of live.keys()) {
      if (connection.connectionState === "closed") live.delete(connection);
    }
    return Promise.all([...live].map(([connection, id]) => sampleOne(connection, id)));
  }

  /** For pages: `what`, a MediaStreamTrack, MediaStream or RTCPeerConnection, brings this participant's media. */
  function participant(what, name) {
    names.set(what, String(name));
  }

  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection"]) {
    if (name in globalThis) {
      Object.defineProperty(globalThis, name, { value: RTCPeerConnection, writable: true, configurable: true });
    }
  }
  Object.defineProperty(globalThis, "synthlab", { value: Object.freeze({ participant, sample }), configurable: true });
})();
