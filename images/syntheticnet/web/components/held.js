// A value that a hand holds: pushes from the client must not move it until it is released and acknowledged.

import { useRef, useState } from "./html.js";

const SAME_GESTURE_MS = 1000;

let gestures = 0;

// `send(value, gesture)` returns a promise. Returns {shown, failure, grip, move, drop}: call these on press, on each
// new value, and on release. Moves of one press, or in quick succession by keyboard, are one gesture.
export function useHeld(value, send) {
  const [held, setHeld] = useState(undefined);
  const [failure, setFailure] = useState("");
  const hand = useRef({ gripped: false, waiting: 0, gesture: 0, moved_ms: -Infinity }).current;

  const settle = () => { if (!hand.gripped && hand.waiting === 0) setHeld(undefined); };
  const grip = () => { hand.gripped = true; hand.gesture = ++gestures; setHeld((before) => before ?? { moved: value }); };
  const drop = () => { hand.gripped = false; settle(); };
  const move = async (moved) => {
    const now = performance.now();
    if (!hand.gripped && now - hand.moved_ms > SAME_GESTURE_MS) hand.gesture = ++gestures;
    hand.moved_ms = now;
    setHeld({ moved });
    hand.waiting += 1;
    try {
      await send(moved, hand.gesture);
      setFailure("");
    } catch (error) {
      setFailure(error.message);
    }
    hand.waiting -= 1;
    settle();
  };
  return { shown: held ? held.moved : value, failure, grip, move, drop };
}
