// Starts the page. Where a module did not come, as when networks of this machine change at that moment, all of it is loaded
// again.

const RETRY_MS = 1000;

import("./app.js").catch((error) => {
  setTimeout(() => location.reload(), RETRY_MS);
  throw error;
});
