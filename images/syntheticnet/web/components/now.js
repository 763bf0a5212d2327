// The page's clock, for what counts down.

import { useEffect, useState } from "./html.js";

const EVERY_MS = 200;

// The time in ms, fresh while `running`.
export function useNow(running) {
  const [, setNow] = useState(0);
  useEffect(() => {
    if (!running) return undefined;
    const timer = setInterval(() => setNow(performance.now()), EVERY_MS);
    return () => clearInterval(timer);
  }, [running]);
  return performance.now();
}
