// Runs in every document before its own scripts: tracks the page's RTCPeerConnections, so that the collector can
// sample them, and lets the page name the participant behind each track.
(() => {
  const Native = globalThis.RTCPeerConnection;
  if (!Native || "synthlab" in globalThis) return;

  const KEPT = new Set([
    "inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "candidate-pair", "transport",
    "local-candidate", "remote-candidate", "codec",
  ]);
  const LOOK_MS = 50; // poll interval until a track's first frame
  const live = new Map(); // connection -> what its stats do not include
  const names = new WeakMap(); // track, stream or connection -> the participant's name
  const streams = new WeakMap(); // track -> the stream it arrived in or was added with
  const firstFrames = new WeakMap(); // received track -> time to its first frame, in ms
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

  /** An ICE restart changes the negotiated local ice-ufrag (RFC 8839, 4.4.1.1.1). */
  function countRestarts(connection, known) {
    if (connection.signalingState !== "stable") return;
    const fragment = connection.currentLocalDescription?.sdp.match(/^a=ice-ufrag:(\S+)/m)?.[1] ?? null;
    if (known.fragment && fragment && fragment !== known.fragment) known.restarts++;
    known.fragment = fragment ?? known.fragment;
  }

  /** Poll from the first packet to the first decoded frame; no event reports a decoded frame. */
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

  /** Names from the DOM, by track id: `<video data-synthlab-participant="ada">`, or the attribute on an ancestor. */
  function shownNames() {
    const shown = new Map();
    for (const element of document.querySelectorAll("video, audio")) {
      const name = element.closest("[data-synthlab-participant]")?.dataset.synthlabParticipant;
      if (!name || !(element.srcObject instanceof MediaStream)) continue;
      for (const track of element.srcObject.getTracks()) shown.set(track.id, name);
    }
    return shown;
  }

  /** The page's name for a track, most specific first; undefined if there is none. */
  function givenName(track, stream, mid, shown) {
    return (
      names.get(track) ?? participants[track.id] ?? shown.get(track.id) ??
      names.get(stream) ?? participants[stream?.id] ?? participants[mid]
    );
  }

  /** Everything that can name a track; `participant_names.py` picks. */
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

  /** State and stats of every connection that is not closed. */
  function sample() {
    for (const connection of live.keys()) {
      if (connection.connectionState === "closed") live.delete(connection);
    }
    const shown = live.size ? shownNames() : null;
    return Promise.all([...live].map(([connection, known]) => sampleOne(connection, known, shown)));
  }

  let canvas;
  const PICTURE_WIDTH = 160, PICTURE_HEIGHT = 90;

  /** The element that shows a track which a connection receives; tracks of several connections may have the same id. */
  function shownIn(connectionId, trackId) {
    const connection = [...live.keys()].find((one) => live.get(one).id === connectionId);
    const track = connection?.getReceivers().find(({ track }) => track.id === trackId)?.track;
    const shows = ({ srcObject }) => srcObject instanceof MediaStream && srcObject.getVideoTracks().includes(track);
    return [...document.querySelectorAll("video")].find((video) => shows(video) && video.videoWidth > 0);
  }

  /** The video of a received track as a small JPEG in base64, and the CPU time that it took in ms; null if not shown. */
  function picture(connectionId, trackId) {
    const video = shownIn(connectionId, trackId);
    if (!video) return null;
    const begin = performance.now();
    canvas ??= Object.assign(document.createElement("canvas"), { width: PICTURE_WIDTH, height: PICTURE_HEIGHT });
    const { videoWidth: width, videoHeight: height } = video;
    const scale = Math.max(PICTURE_WIDTH / width, PICTURE_HEIGHT / height);
    // Read back, it is drawn and encoded here and now: what passes meanwhile is what it costs.
    const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    context.drawImage(video, (PICTURE_WIDTH - width * scale) / 2, (PICTURE_HEIGHT - height * scale) / 2, width * scale, height * scale);
    const jpeg = canvas.toDataURL("image/jpeg", 0.6).split(",")[1];
    return { jpeg, tookMs: performance.now() - begin };
  }

  /** For pages: `what`, a MediaStreamTrack, MediaStream or RTCPeerConnection, carries this participant's media. */
  function participant(what, name) {
    names.set(what, String(name));
  }

  const api = Object.freeze({
    participant,
    picture,
    sample,
    get participants() {
      return participants;
    },
    /** For pages: names by track id, stream id or mid. The object is read at each sample, so it may change later. */
    set participants(byId) {
      participants = byId ?? {};
    },
  });

  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection"]) {
    if (name in globalThis) {
      Object.defineProperty(globalThis, name, { value: RTCPeerConnection, writable: true, configurable: true });
    }
  }
  // A page may assign `window.synthlab = {participants: {...}}`, which also works outside the lab.
  const assign = (value) => (api.participants = value?.participants);
  Object.defineProperty(globalThis, "synthlab", { get: () => api, set: assign, configurable: true });
})();
