// What this page shares with the control page of a client. In a checkout these are the files themselves; the server has
// them at the same place below its root, where a browser stops to go up.

export { Api, ApiError } from "../../../images/syntheticnet/web/api.js";
export { DIRECTIONS, linkOf, mainChange, mainValue, netemChange, profileChange } from "../../../images/syntheticnet/web/conditions.js";
export { drawnOnce, fetched } from "../../../images/syntheticnet/web/drawing.js";
export { Hold } from "../../../images/syntheticnet/web/hold.js";
export { Sender } from "../../../images/syntheticnet/web/sender.js";
export { Session } from "../../../images/syntheticnet/web/session.js";
export { axisOf, digits, formatRate, formatSeconds } from "../../../images/syntheticnet/web/units.js";
export { DIRECTION_MARKS, DIRECTION_WORDS, describeChange, describeReach, describeValues, describeWho, figure } from "../../../images/syntheticnet/web/words.js";
