"""A client that is a real browser: what runs inside the image `chrome`."""
