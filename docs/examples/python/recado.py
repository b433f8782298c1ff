"""What the other examples share: one request to Recado, with the standard library alone."""

import json
import os
import urllib.error
import urllib.request

URL = os.environ["RECADO_URL"]
TOKEN = os.environ["RECADO_TOKEN"]


class Problem(Exception):
    """Recado says no: a problem document (RFC 9457)."""

    def __init__(self, status, document):
        super().__init__(f"{document.get('detail') or document.get('title')} ({status})")
        self.status = status
        self.document = document


def ask(method, path, body=None, accept="application/json", timeout=60):
    """The open answer; a Problem where it is none of 200 to 299."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": accept, "Content-Type": "application/json"}
    request = urllib.request.Request(URL + path, data, headers, method=method)
    try:
        return urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        raise Problem(error.code, json.load(error)) from None


def get(path):
    return json.load(ask("GET", path))


def post(path, body):
    return json.load(ask("POST", path, body))
