// How well one participant sees another, for the colour and the words of a cell.

export const LEAST_FPS = 10;
const STILL_FPS = 1;
const WITHIN_MS = 5000;

// `video` is what `viewer` receives of `seen`; `recent` are the numbers of the last seconds. Returns {level, word}.
export function qualityOf(viewer, seen, video, recent) {
  if (!video || video.fps === undefined) return { level: "none", word: "no video" };
  if (video.fps < STILL_FPS) return { level: "bad", word: "still" };
  if (grown(viewer, seen, recent, "freeze_s") > 0.2) return { level: "poor", word: "freezing" };
  if (video.fps < LEAST_FPS) return { level: "poor", word: "slow" };
  return { level: "good", word: "good" };
}

// By how much a counter has grown within the last five seconds.
export function grown(viewer, seen, recent, name) {
  const last = recent.at(-1);
  if (!last) return 0;
  const counts = recent.filter(({ at_ms }) => last.at_ms - at_ms <= WITHIN_MS)
    .map(({ numbers }) => numbers[viewer]?.video[seen]?.[name]).filter((count) => count !== undefined);
  return counts.length ? Math.max(0, counts.at(-1) - counts[0]) : 0;
}
