// Server-sent events, as the WHATWG's HTML standard has them: `event:` and `data:` lines, ended by an empty line.

// The events in a stream of bytes, each as {type, data}; data is parsed JSON.
export async function* parseEvents(bytes) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event) yield event;
    }
  }
}

// Comments, which keep the connection alive, and blocks without data are no events.
function parseBlock(block) {
  let type = "message";
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === "event") type = value;
    if (field === "data") data.push(value);
  }
  return data.length ? { type, data: JSON.parse(data.join("\n")) } : undefined;
}
