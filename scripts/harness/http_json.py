"""JSON over HTTP to 127.0.0.1, with a deadline for each call."""
import json
import urllib.error
import urllib.request

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class HttpError(Exception):
    """The server answered with a status that is not 2xx (status > 0), or not at all (status 0)."""

    def __init__(self, url, status, text):
        super().__init__(f"{url}: {status or 'no answer'}: {text}")
        self.status = status
        self.text = text


def request(method, url, body=None, timeout=10.0, headers=None):
    """Returns (status, text). Raises HttpError when nothing answered."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Accept": "application/json", **(headers or {})}
    if data is not None:
        headers["Content-Type"] = "application/json"
    try:
        with _direct.open(urllib.request.Request(url, data, headers, method=method), timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except (OSError, ValueError) as error:
        raise HttpError(url, 0, str(error)) from None


def _json(method, url, body, timeout, headers=None):
    status, text = request(method, url, body, timeout, headers)
    if not 200 <= status < 300:
        raise HttpError(url, status, text.strip()[:300])
    try:
        return json.loads(text) if text.strip() else None
    except ValueError:
        raise HttpError(url, status, "the answer is not JSON: " + text[:100]) from None


def get(url, timeout=10.0, headers=None):
    return _json("GET", url, None, timeout, headers)


def post(url, body, timeout=10.0):
    return _json("POST", url, body, timeout)


def get_or_none(url, timeout=10.0):
    """As get, but None for 404."""
    try:
        return get(url, timeout)
    except HttpError as error:
        if error.status == 404:
            return None
        raise
