// A peer connection to the server that falls back to TURN when its direct path fails.

const PATIENCE_MS = 12_000; // a path that was dead for longer rarely recovers

/**
 * Trickles candidates through `handle`. Calls `restart()`, which must do an ICE restart, each time the direct path is
 * lost and a TURN server is configured. Calls `fail()` when the connection cannot be saved.
 */
export function connect(handle, ice, restart, fail) {
  const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle", ...ice });
  connection.onicecandidate = ({ candidate }) => handle.trickle(candidate).catch(() => {});
  let direct = false;
  let timer;
  const lose = () => {
    direct = false;
    restart().catch(fail);
  };
  // A browser with a relayed pair in reserve switches to it and stays connected. The server, if it is the controlling
  // side (RFC 8445, 6.1.1), does not follow and keeps sending on the old pair until an ICE restart.
  const look = ({ target: transport }) => {
    const relayed = transport.getSelectedCandidatePair()?.local.type === "relay";
    if (relayed && direct) lose();
    else direct = ice.iceServers.length > 0 && !relayed;
  };
  connection.oniceconnectionstatechange = () => {
    clearTimeout(timer);
    const transport = connection.getTransceivers()[0]?.receiver.transport?.iceTransport;
    if (transport) transport.onselectedcandidatepairchange = look;
    const state = connection.iceConnectionState;
    if (state === "failed") fail();
    if (state !== "disconnected") return;
    if (direct) lose();
    else timer = setTimeout(fail, PATIENCE_MS);
  };
  return connection;
}
