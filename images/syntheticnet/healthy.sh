# Docker's probe. The first waits until PID 1 says that all works, so that `healthy` comes without delay. From then on PID 1
# repairs what fails, and ends where it cannot: later probes only sleep, for each costs more than an idle client does.
#
# A probe that did not sleep to its end was killed, or the container was paused: Docker calls it unhealthy until the next
# probe has ended. So each leaves a mark before it sleeps, and one that finds a mark removes it and ends at once.
#
# What a file says of the time before a restart of the container is not believed: each holds the start of its PID 1.
set -- $(cat /proc/1/stat)
start=${22}
says() { [ "$(cat /run/synthlab/"$1" 2>/dev/null)" = "$start" ]; }
if says asleep; then exec rm /run/synthlab/asleep; fi
if says probed; then
    echo "$start" > /run/synthlab/asleep
    exec sleep 3500
fi
tries=0
until says ready; do
    tries=$((tries + 1))
    if [ "$tries" -gt 500 ]; then exit 1; fi
    sleep 0.1
done
# An application that says when it can be used is waited for; one that never does counts as ready after half a minute.
can_be_used() { [ -z "$SYNTHLAB_READY" ] || [ -n "$ENTRY" ] || [ "$(cat "$SYNTHLAB_READY" 2>/dev/null)" = "$start" ]; }
tries=0
until can_be_used || [ "$tries" -ge 300 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
echo "$start" > /run/synthlab/probed
