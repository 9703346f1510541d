#!/usr/bin/env bash
# Tells the container engine whether a stage is healthy; the image has it as `volt-health`.
#
#   volt-health        Redis has confirmed a heartbeat within the last 15 seconds; a stage sends one every second
#   volt-health web    in addition, the web stage answers that it reaches the database
#
# It takes a few milliseconds; starting Node would take a hundred.
set -eu
find "$VOLT_HEALTH_FILE" -newermt '-15 seconds' | grep -q .
[ "${1-}" = web ] || exit 0
exec 3<>"/dev/tcp/127.0.0.1/${VOLT_HTTP_PORT:-8420}"
printf 'GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
head -n 1 <&3 | grep -q ' 200 '
