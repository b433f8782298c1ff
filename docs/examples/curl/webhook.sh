#!/bin/sh
# Verifies one request of a webhook, with its body on standard input. Ends with 0 only if it is Recado's and recent.
# webhook.sh ID TIMESTAMP SIGNATURES, from the headers webhook-id, webhook-timestamp and webhook-signature.
# RECADO_WEBHOOK_SECRET is what was shown when the endpoint was made: whsec_…
set -eu
now=$(date +%s)
age=$((now - $2))
[ "$age" -le 300 ] && [ "$age" -ge -300 ] || { echo "too old" >&2; exit 1; }
key=$(printf %s "${RECADO_WEBHOOK_SECRET#whsec_}" | base64 -d | od -An -tx1 | tr -d ' \n')
signature=$({ printf '%s.%s.' "$1" "$2"; cat; } |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64 -w0)
# While a secret is changed there are two signatures; one that fits is enough.
for given in $3; do
  [ "$given" = "v1,$signature" ] && { echo "genuine"; exit 0; }
done
echo "not genuine" >&2
exit 1
