// A connection to the server that finds another way through the network when its direct one is lost.

const PATIENCE_MS = 12_000; // a path that was dead for longer hardly ever comes back by itself

/**
 * Its candidates go to the server by `handle`. `restart()` negotiates the way anew (an ICE restart): it is asked once
 * whenever the direct way is lost, and only where a TURN server may offer another. `fail()` is called when all is lost.
 */
export function connect(handle, iceServers, restart, fail) {
  const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers });
  connection.onicecandidate = ({ candidate }) => handle.trickle(candidate).catch(() => {});
  let direct = false;
  let timer;
  const lose = () => {
    direct = false;
    restart().catch(fail);
  };
  // A browser that has a relayed pair in reserve takes to it by itself and stays connected. The server does not follow
  // where it is the controlling side (RFC 8445, 6.1.1), and goes on sending the old way until ICE is restarted.
  const look = ({ target: transport }) => {
    const relayed = transport.getSelectedCandidatePair()?.local.type === "relay";
    if (relayed && direct) lose();
    else direct = iceServers.length > 0 && !relayed;
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
