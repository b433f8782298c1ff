#!/bin/sh
# Prints the texts that came in after one, as JSON: replies.sh [SEQ]
# Keep the `seq` of the last item, and begin behind it the next time. Numbers and texts need the scope `pii`.
set -eu
curl --silent --show-error --fail-with-body "$RECADO_URL/v1/inbox?after=${1:-0}&limit=100" \
  --header "Authorization: Bearer $RECADO_TOKEN"
