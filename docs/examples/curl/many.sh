#!/bin/sh
# Submits many texts at once, read from standard input as a JSON array: many.sh < texts.json
# Each has its own client_ref, so that the whole file may be sent again after an answer that did not come.
set -eu
for attempt in 1 2 3 4 5; do
  if answer=$(curl --silent --show-error --fail-with-body --max-time 60 "$RECADO_URL/v1/messages" \
    --header "Authorization: Bearer $RECADO_TOKEN" --data @"${1:-/dev/stdin}"); then
    echo "$answer"
    exit 0
  fi
  echo "attempt $attempt: $answer" >&2
  sleep "$attempt"
done
exit 1
