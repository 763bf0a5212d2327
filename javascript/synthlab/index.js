// What `import ... from "synthlab"` gives.

import SyntheticNetwork from "./synthetic_network.cjs";

export { AppliedChange } from "./applied_change.js";
export { Client } from "./client.js";
export { ExpectationFailed, Inconclusive, SynthlabError, WrongUse } from "./errors.js";
export { Group } from "./group.js";
export { Lab } from "./lab.js";
export { LabClient } from "./lab_client.js";
export { Media } from "./media.js";
export { Run } from "./run.js";
export { SyntheticNetwork };
