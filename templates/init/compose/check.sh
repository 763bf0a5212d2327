#!/bin/sh
# The test suite: the page must arrive within two seconds.
exec curl --fail --silent --show-error --max-time 2 --write-out 'after %{time_total} s\n' "http://127.0.0.1:${WEB_PORT:-8000}/"
