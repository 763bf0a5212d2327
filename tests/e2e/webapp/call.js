// A call within one page: a local connection that sends, and a remote one that receives.

/** A call with the media that the constraints ask for. */
export async function call(constraints) {
  const media = await navigator.mediaDevices.getUserMedia(constraints);
  const [near, far, received] = connections();
  for (const track of media.getTracks()) near.addTrack(track, media);
  await negotiate(near, far);
  return { near, far, received, media };
}

/** Once more for a connection that exists, as after `near.restartIce()`. */
export async function negotiate(near, far) {
  await near.setLocalDescription();
  await far.setRemoteDescription(await gathered(near));
  await far.setLocalDescription();
  await near.setRemoteDescription(await gathered(far));
}

/**
 * A simulcast sender and, as there is no SFU, a receiver that treats each layer as a separate stream: it reads the
 * layer's rid in the sender's packets as the mid of one of several media sections.
 */
export async function simulcast(constraints) {
  const media = await navigator.mediaDevices.getUserMedia(constraints);
  const [near, far, received] = connections();
  near.addTransceiver(media.getVideoTracks()[0], {
    direction: "sendonly",
    sendEncodings: [
      { rid: "low", scaleResolutionDownBy: 4 },
      { rid: "high", scaleResolutionDownBy: 2 },
    ],
  });
  await near.setLocalDescription();
  const [head, video] = sections((await gathered(near)).sdp);
  const rids = [...video.matchAll(/^a=rid:(\S+) send/gm)].map(([, rid]) => rid);
  const plain = video
    .replace(/^a=(rid|simulcast|msid|ssrc)[:-].*\r\n/gm, "")
    .replace(/^a=extmap:\d+ \S+:(mid|repaired-rtp-stream-id)\r\n/gm, "")
    .replace("sdes:rtp-stream-id", "sdes:mid");
  const layers = rids.map((rid) => plain.replace(/^a=mid:.*/m, `a=mid:${rid}\r\na=msid:${rid} ${rid}`));
  await far.setRemoteDescription({ type: "offer", sdp: grouped(head, rids) + layers.join("") });
  await far.setLocalDescription();
  const [answerHead, answer] = sections((await gathered(far)).sdp);
  const mid = video.match(/^a=mid:(.*)\r/m)[1];
  const whole = answer.replace(/^a=mid:.*/m, `a=mid:${mid}`).replace("sdes:mid", "sdes:rtp-stream-id");
  const taken = rids.map((rid) => `a=rid:${rid} recv\r\n`).join("") + `a=simulcast:recv ${rids.join(";")}\r\n`;
  await near.setRemoteDescription({ type: "answer", sdp: grouped(answerHead, [mid]) + whole + taken });
  return { near, far, received };
}

function connections() {
  const [near, far, received] = [new RTCPeerConnection(), new RTCPeerConnection(), new MediaStream()];
  far.ontrack = ({ track }) => received.addTrack(track);
  return [near, far, received];
}

/** The local description with all candidates in it. */
async function gathered(connection) {
  while (connection.iceGatheringState !== "complete") await new Promise((resolve) => setTimeout(resolve, 20));
  return connection.localDescription;
}

function sections(sdp) {
  return sdp.split(/^(?=m=)/m);
}

function grouped(head, mids) {
  return head.replace(/^a=group:.*/m, `a=group:BUNDLE ${mids.join(" ")}`);
}
