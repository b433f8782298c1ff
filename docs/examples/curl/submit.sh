#!/bin/sh
# Submits one text and prints what became of the request: submit.sh NUMBER TEXT
# RECADO_URL is where the daemon listens, RECADO_TOKEN a token with the scope `send`.
set -eu
# A repeat with the same reference is answered with the message that there is, and sends nothing again.
reference="invoice-4711-$1"
curl --silent --show-error --fail-with-body "$RECADO_URL/v1/messages" \
  --header "Authorization: Bearer $RECADO_TOKEN" \
  --data "{\"to\": \"$1\", \"text\": \"$2\", \"client_ref\": \"$reference\", \"ttl\": \"24h\"}"
