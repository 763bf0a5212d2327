// Added to every document before its own scripts: keeps hold of the page's RTCPeerConnections, so that they can be
// sampled from outside, and lets the page say whose media is whose.
(() => {
  const Native = globalThis.RTCPeerConnection;
  if (!Native || "synthlab" in globalThis) return;

  const KEPT = new Set([
    "inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "candidate-pair", "transport",
    "local-candidate", "remote-candidate",
  ]);
  const LOOK_MS = 50; // how often a track is looked at until its first frame
  const live = new Map(); // connection -> what is known of it beside its stats
  const names = new WeakMap(); // track, stream or connection -> the participant's name
  const streams = new WeakMap(); // track -> the stream that it arrived in, or was added with
  const firstFrames = new WeakMap(); // received track -> how long it took to its first frame, in ms
  let participants = {};
  let count = 0;

  class RTCPeerConnection extends Native {
    constructor(...parameters) {
      super(...parameters);
      const known = { id: ++count, made: performance.now(), connected: false, fragment: null, restarts: 0 };
      live.set(this, known);
      this.addEventListener("track", ({ track, receiver, streams: [stream] }) => {
        if (stream) streams.set(track, stream);
        if (track.kind === "video") timeFirstFrame(receiver, known.connected ? performance.now() : known.made);
      });
      this.addEventListener("connectionstatechange", () => (known.connected ||= this.connectionState === "connected"));
      this.addEventListener("signalingstatechange", () => countRestarts(this, known));
    }

    addTrack(track, ...its) {
      if (its.length) streams.set(track, its[0]);
      return super.addTrack(track, ...its);
    }

    addTransceiver(track, options) {
      if (options?.streams?.length && typeof track === "object") streams.set(track, options.streams[0]);
      return super.addTransceiver(track, options);
    }
  }

  /** An ICE restart shows as a new fragment of the local user name (RFC 8839, 4.4.1.1.1) in what was agreed on. */
  function countRestarts(connection, known) {
    if (connection.signalingState !== "stable") return;
    const fragment = connection.currentLocalDescription?.sdp.match(/^a=ice-ufrag:(\S+)/m)?.[1] ?? null;
    if (known.fragment && fragment && fragment !== known.fragment) known.restarts++;
    known.fragment = fragment ?? known.fragment;
  }

  /** Look often, but only once packets arrive, and only until a frame was decoded. */
  function timeFirstFrame(receiver, since) {
    const { track } = receiver;
    if (firstFrames.has(track)) return;
    firstFrames.set(track, null);
    const look = async () => {
      if (track.readyState === "ended") return;
      const reports = [...(await receiver.getStats()).values()];
      if (reports.some((report) => report.type === "inbound-rtp" && report.framesDecoded > 0)) {
        firstFrames.set(track, performance.now() - since);
      } else setTimeout(look, LOOK_MS);
    };
    if (track.muted) track.addEventListener("unmute", look, { once: true });
    else look();
  }

  /** Names that the page's elements give, by track: `<video data-synthlab-participant="ada">`, or an element around it. */
  function shownNames() {
    const shown = new Map();
    for (const element of document.querySelectorAll("video, audio")) {
      const name = element.closest("[data-synthlab-participant]")?.dataset.synthlabParticipant;
      if (!name || !(element.srcObject instanceof MediaStream)) continue;
      for (const track of element.srcObject.getTracks()) shown.set(track.id, name);
    }
    return shown;
  }

  /** The name that the page gave, most particular first; undefined where it gave none. */
  function givenName(track, stream, mid, shown) {
    return (
      names.get(track) ?? participants[track.id] ?? shown.get(track.id) ??
      names.get(stream) ?? participants[stream?.id] ?? participants[mid]
    );
  }

  /** What names a track, best first; the reader picks. */
  function describe(track, mid, shown) {
    if (!track) return {};
    const stream = streams.get(track);
    const name = givenName(track, stream, mid, shown);
    return { name: name && String(name), stream: stream?.id, mid, firstFrameMs: firstFrames.get(track) };
  }

  async function sampleOne(connection, known, shown) {
    const report = await connection.getStats();
    const described = (track, mid) => describe(track, mid, shown);
    const transceivers = connection.getTransceivers();
    return {
      id: known.id,
      name: names.get(connection),
      state: connection.connectionState,
      restarts: known.restarts,
      tracks: Object.fromEntries(transceivers.map(({ receiver: { track }, mid }) => [track.id, described(track, mid)])),
      sent: Object.fromEntries(transceivers.map(({ sender: { track }, mid }) => [mid, described(track, mid)])),
      stats: [...report.values()].filter((entry) => KEPT.has(entry.type)),
    };
  }

  /** The raw state of every connection that is not closed. */
  function sample() {
    for (const connection of live.keys()) {
      if (connection.connectionState === "closed") live.delete(connection);
    }
    const shown = live.size ? shownNames() : null;
    return Promise.all([...live].map(([connection, known]) => sampleOne(connection, known, shown)));
  }

  /** For pages: `what`, a MediaStreamTrack, MediaStream or RTCPeerConnection, brings this participant's media. */
  function participant(what, name) {
    names.set(what, String(name));
  }

  const api = Object.freeze({
    participant,
    sample,
    get participants() {
      return participants;
    },
    /** For pages: names by the id of a track or stream, or by mid. The object may go on changing. */
    set participants(given) {
      participants = given ?? {};
    },
  });

  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection"]) {
    if (name in globalThis) {
      Object.defineProperty(globalThis, name, { value: RTCPeerConnection, writable: true, configurable: true });
    }
  }
  // `window.synthlab = {participants: {...}}` works with and without the lab.
  const assign = (given) => (api.participants = given?.participants);
  Object.defineProperty(globalThis, "synthlab", { get: () => api, set: assign, configurable: true });
})();
