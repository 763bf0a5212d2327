// The stream of a lab's events, for any number of listeners.

import { Feed } from "../../../images/syntheticnet/web/feed.js";
import { EMPTY, LAB_EVENTS, known, next } from "./lab_store.js";

// An idle lab may send nothing but signs of life, which a page does not see.
const LAB = { events: LAB_EVENTS, empty: EMPTY, next, known, silent_ms: 60_000 };

export const labFeed = (url) => new Feed(url, undefined, LAB);
export const clientFeed = (url) => new Feed(url);
