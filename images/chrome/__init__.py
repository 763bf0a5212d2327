"""The browser client: everything that runs inside the image `chrome`."""
