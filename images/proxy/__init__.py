"""The proxy client: SOCKS5, HTTP CONNECT and TURN in one conditioned container; everything inside the image `proxy`."""
