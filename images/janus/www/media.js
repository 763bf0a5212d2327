// Opens microphone and camera.

const UNPROCESSED = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/**
 * The stream of both. Chromium's fake microphone is opened without processing: it hears no loudspeaker, and to look for
 * an echo all the same would take a fifth of the browser's CPU time.
 */
export async function microphoneAndCamera(devices, video) {
  const stream = await devices.getUserMedia({ audio: true, video });
  const [microphone] = stream.getAudioTracks();
  if (!microphone?.label.startsWith("Fake ")) return stream;
  microphone.stop();
  stream.removeTrack(microphone);
  for (const track of (await devices.getUserMedia({ audio: UNPROCESSED })).getAudioTracks()) stream.addTrack(track);
  return stream;
}
