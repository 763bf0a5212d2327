// How one participant's video does: frames and kilobits per second, from the connection's own counters.

export class Meter {
  #connection;
  #last;

  constructor(connection) {
    this.#connection = connection;
  }

  /** `{fps, kbps}` since the last call; null while there is nothing to compare. */
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
