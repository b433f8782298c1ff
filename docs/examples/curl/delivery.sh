#!/bin/sh
# Submits a text and waits until it is known what became of it: delivery.sh NUMBER TEXT
# It reads events behind the newest of before, so that nothing is missed in between.
set -eu
ask() { curl --silent --show-error --fail-with-body --header "Authorization: Bearer $RECADO_TOKEN" "$@"; }
after=$(ask "$RECADO_URL/v1/events?limit=1" | sed -n 's/.*"seq":\([0-9]*\).*/\1/p')
after=${after:-0}
id=$(ask "$RECADO_URL/v1/messages" --data "{\"to\": \"$1\", \"text\": \"$2\"}" | sed -n 's/^{"id":"\([^"]*\)".*/\1/p')
while :; do
  # One event per line, oldest first.
  events=$(ask "$RECADO_URL/v1/events?after=$after&limit=100" | sed 's/{"seq":/\n&/g')
  state=$(echo "$events" | grep "\"message\":\"$id\"" |
    sed -n 's/.*"type":"message\.\(delivered\|undelivered\|failed\|expired\|blocked\|unknown\)".*/\1/p')
  if [ -n "$state" ]; then
    echo "$id $state"
    exit 0
  fi
  last=$(echo "$events" | sed -n 's/^{"seq":\([0-9]*\).*/\1/p' | tail -n 1)
  after=${last:-$after}
  sleep 1
done
