"""A light participant of a call: what runs inside the image `bot`."""
