"""Submits a text and waits until it is known what became of it: delivery.py NUMBER TEXT"""

import json
import sys

from recado import ask, get, post

FINAL = {"delivered", "undelivered", "failed", "expired", "blocked", "unknown"}

newest = get("/v1/events?limit=1")["items"]
after = newest[0]["seq"] if newest else 0
message = post("/v1/messages", {"to": sys.argv[1], "text": sys.argv[2]})
state = None
while state not in FINAL:
    # The stream may be cut at any time. It goes on behind the last event that was read, without a gap.
    with ask("GET", f"/v1/events?after={after}", accept="text/event-stream") as stream:
        for line in stream:
            if not line.startswith(b"data:"):
                continue
            event = json.loads(line[5:])
            after = event["seq"]
            kind, _, state = event["type"].rpartition(".")
            if event.get("message") == message["id"] and kind == "message" and state in FINAL:
                print(message["id"], state)
                break
        else:
            state = None
