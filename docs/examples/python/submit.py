"""Submits one text: submit.py NUMBER TEXT"""

import sys

from recado import Problem, post

to, text = sys.argv[1:3]
try:
    message = post("/v1/messages", {"to": to, "text": text, "client_ref": f"invoice-4711-{to}", "ttl": "24h"})
except Problem as problem:
    sys.exit(f"refused: {problem}")
print(message["id"], message["state"], message["segments"])
if message["reason"]:
    # It is taken in and waits: for the hours of contact, a budget, a pause.
    print("waits:", message["reason"]["code"], "until", message["not_before"])
