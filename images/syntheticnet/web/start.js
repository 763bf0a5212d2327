// Starts the page: the module that its script element names in `data-app`. Where a part of it did not come, as when networks
// of this machine change at that moment, the page is loaded again.

const RETRY_MS = 1000;
const { app } = document.querySelector("script[data-app]").dataset;

import(new URL(app, document.baseURI)).catch((error) => {
  setTimeout(() => location.reload(), RETRY_MS);
  throw error;
});
