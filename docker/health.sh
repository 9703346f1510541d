#!/usr/bin/env bash
# Whether a stage is well, for the container engine; installed in the image as `volt-health`.
#
#   volt-health        Redis has confirmed a heartbeat within the last 15 seconds; there is one every second
#   volt-health web    and the web stage answers that it reaches the record as well
#
# It takes a few milliseconds, where a start of Node would take a hundred.
set -eu
find "$VOLT_HEALTH_FILE" -newermt '-15 seconds' | grep -q .
[ "${1-}" = web ] || exit 0
exec 3<>"/dev/tcp/127.0.0.1/${VOLT_HTTP_PORT:-8420}"
printf 'GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
head -n 1 <&3 | grep -q ' 200 '
