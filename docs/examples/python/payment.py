"""Tells of a payment, which stops what waits about the debt: payment.py DEBT PAYMENT"""

import sys
from urllib.parse import quote

from recado import post

debt, payment = sys.argv[1:3]
answer = post(f"/v1/debts/{quote(debt, safe='')}/events", {"type": "payment_received", "ref": payment})
# From now on nothing is sent but what was on the wire already.
print(answer["status"], "stopped", answer["stopped"], "on the wire", len(answer["on_wire"]))
