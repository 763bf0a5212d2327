# The chrome image with the user's browser: a .deb file or an unpacked folder. The build context is its folder.
ARG BASE=synthlab/chrome
FROM ${BASE}

# Path in the build context, and the path to install from after the copy.
ARG SOURCE=.
ARG BROWSER=/opt/browser
COPY ${SOURCE} /opt/browser/
RUN apt-get update \
 && /opt/bin/install-browser "${BROWSER}" \
 && apt-get clean && rm -rf /var/lib/apt/lists/*
