#!/bin/sh
# Docker's health probe. The first waits until PID 1 reports ready, so that `healthy` follows without delay. After that
# PID 1 restarts what fails, or exits: later probes only sleep, since a probe costs more CPU than an idle client.
#
# If a sleeping probe is killed or the container paused, Docker reports `unhealthy` until the next probe ends. So each
# probe writes `asleep` before it sleeps, and a probe that finds it removes it and ends at once.
#
# Each file holds the start time of PID 1, so that files from before a container restart do not count.
read -r stat < /proc/1/stat
# shellcheck disable=SC2086  # a word per field
set -- $stat
start=${22}
is_of_this_start() {
    line=
    { read -r line < "$1"; } 2>/dev/null
    [ "$line" = "$start" ]
}
holds_start() { is_of_this_start "/run/synthlab/$1"; }
if holds_start asleep; then exec rm /run/synthlab/asleep; fi
if holds_start probed; then
    echo "$start" > /run/synthlab/asleep
    exec sleep 3500
fi
ready=/run/synthlab/ready.$start
tries=0
until [ -p "$ready" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 500 ]; then exit 1; fi
    sleep 0.1
done
# This waits until PID 1 has opened it for writing.
: < "$ready"
# An application that ends at once must not count as healthy.
sleep 0.3
# Wait for an application that reports readiness (SYNTHLAB_READY); after 30 s it counts as ready anyway.
usable() { [ -z "$SYNTHLAB_READY" ] || [ -n "$ENTRY" ] || is_of_this_start "$SYNTHLAB_READY"; }
tries=0
until usable || [ "$tries" -ge 300 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
echo "$start" > /run/synthlab/probed
