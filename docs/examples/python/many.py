"""Submits many texts: many.py FILE with lines of NUMBER;TEXT. May be run again: nothing is sent twice."""

import csv
import sys
import time
import urllib.error

from recado import Problem, post

AT_ONCE = 1000

with open(sys.argv[1], newline="", encoding="utf-8") as file:
    rows = list(csv.reader(file, delimiter=";"))
# The reference says what the text is for. Recado sends one text for each, however often it is submitted.
messages = [{"to": to, "text": text, "client_ref": f"2026-11-{to}"} for to, text in rows]
for start in range(0, len(messages), AT_ONCE):
    piece = messages[start : start + AT_ONCE]
    for wait in (1, 2, 4, 8, None):
        try:
            answer = post("/v1/messages", piece)
            break
        except (Problem, urllib.error.URLError, TimeoutError) as error:
            # No answer, or 503 (busy, no space, stopping): the same again, after a while.
            if wait is None or (isinstance(error, Problem) and error.status != 503):
                raise
            time.sleep(wait)
    for message, item in zip(piece, answer["items"]):
        # Each item is a message, or the problem with that one.
        print(message["client_ref"], item.get("id") or item["detail"])
