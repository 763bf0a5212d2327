// When a page is drawn, and what it fetches once.

const RETRY_MS = 1000;

// Events come in groups: one drawing shows all of a group.
export function drawnOnce(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      draw();
    });
  };
}

// Asks until there is an answer.
export async function fetched(ask, keep) {
  try {
    keep(await ask());
  } catch {
    setTimeout(() => fetched(ask, keep), RETRY_MS);
  }
}
