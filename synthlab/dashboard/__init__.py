"""The lab API: every lab of an engine over HTTP, for pages and for programs in any language. See docs/lab-api.md."""
