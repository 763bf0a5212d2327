# This image with a browser of the user's own: a .deb file, or a folder with an unpacked one. Its context is their folder.
ARG BASE=synthlab/chrome
FROM ${BASE}

# What of the context is copied, and what becomes of it.
ARG SOURCE=.
ARG BROWSER=/opt/browser
COPY ${SOURCE} /opt/browser/
RUN apt-get update \
 && /opt/bin/install-browser "${BROWSER}" \
 && apt-get clean && rm -rf /var/lib/apt/lists/*
