// Parses the page's options from its URL.

/**
 * `?name=ada&room=1234&video=640x360@30&turn=user:password@turn:3478`; all parameters are optional. With `relay=tcp` all
 * media take that TURN server, over TCP.
 */
export function options(location) {
  const query = new URLSearchParams(location.search);
  const host = location.hostname.includes(":") ? `[${location.hostname}]` : location.hostname;
  return {
    name: query.get("name") || `guest-${Math.random().toString(36).slice(2, 6)}`,
    room: Number(query.get("room") || 1234),
    video: videoFormat(query.get("video") || "320x240@15"),
    ice: ice(query.get("turn"), query.get("relay")),
    server: query.get("server") || `ws://${host || "localhost"}:8188`,
  };
}

/** RTCPeerConnection's options; without `relay` the TURN server is the last resort. */
export function ice(turn, relay) {
  if (relay && relay !== "tcp") throw new Error(`relay: '${relay}' is not tcp`);
  if (relay && !turn) throw new Error("relay: requires turn=user:password@turn:3478");
  return relay ? { iceServers: iceServers(turn, ["tcp"]), iceTransportPolicy: "relay" } : { iceServers: iceServers(turn) };
}

/** `user:password@turn:3478` as RTCPeerConnection's iceServers; TCP is for networks that block UDP. */
export function iceServers(text, protocols = ["udp", "tcp"]) {
  if (!text) return [];
  const parts = /^([^:@]+):([^@]+)@([^@]+)$/.exec(text);
  if (!parts) throw new Error(`turn: '${text}' is not of the form user:password@turn:3478`);
  const [username, credential, address] = parts.slice(1);
  return [{ urls: protocols.map((protocol) => `turn:${address}?transport=${protocol}`), username, credential }];
}

/** `320x240@15` as getUserMedia constraints. */
export function videoFormat(text) {
  const parts = /^(\d+)x(\d+)(?:@(\d+))?$/.exec(text);
  if (!parts) throw new Error(`video: '${text}' is not of the form 320x240@15`);
  const [width, height, frameRate] = parts.slice(1).map(Number);
  return { width, height, frameRate: frameRate || 15 };
}
