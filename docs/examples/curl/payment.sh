#!/bin/sh
# Tells of a payment, which stops what waits about the debt: payment.sh DEBT PAYMENT
# When this is answered, nothing is sent any more but what `on_wire` names. The reference makes a repeat harmless.
set -eu
debt=$(printf %s "$1" | sed 's|/|%2F|g')
curl --silent --show-error --fail-with-body "$RECADO_URL/v1/debts/$debt/events" \
  --header "Authorization: Bearer $RECADO_TOKEN" \
  --data "{\"type\": \"payment_received\", \"ref\": \"$2\"}"
