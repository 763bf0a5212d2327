"""The bot client, a call participant without a browser: everything that runs inside the image `bot`."""
