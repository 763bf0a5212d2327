// Frame rate and bit rate of one participant's video, from the connection's getStats counters.

export class Meter {
  #connection;
  #last;

  constructor(connection) {
    this.#connection = connection;
  }

  /** `{fps, kbps}` since the last call; null on the first call or without video. */
  async read() {
    const now = await this.#counters();
    const last = this.#last;
    this.#last = now;
    const seconds = (now?.at - last?.at) / 1000;
    if (!(seconds > 0)) return null;
    return {
      fps: Math.max(0, now.frames - last.frames) / seconds,
      kbps: (Math.max(0, now.bytes - last.bytes) * 8) / 1000 / seconds,
    };
  }

  async #counters() {
    for (const entry of (await this.#connection.getStats()).values()) {
      if (entry.kind !== "video") continue;
      const at = entry.timestamp;
      if (entry.type === "inbound-rtp") {
        return { at, frames: entry.framesDecoded ?? 0, bytes: entry.bytesReceived };
      }
      if (entry.type === "outbound-rtp") {
        return { at, frames: entry.framesEncoded ?? 0, bytes: entry.bytesSent };
      }
    }
    return null;
  }
}
