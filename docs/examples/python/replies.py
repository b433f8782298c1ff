"""Prints the texts that came in after one, oldest first: replies.py [SEQ]"""

import sys

from recado import get

after = int(sys.argv[1]) if len(sys.argv) > 1 else 0
while items := get(f"/v1/inbox?after={after}&limit=100")["items"]:
    for text in items:
        wants = ",".join(text["intents"]) or "nothing that is known"
        print(text["seq"], text["from"], wants, repr(text["text"]), "answers", text["message"])
        after = text["seq"]
# The next time, begin behind this one.
print("last", after)
