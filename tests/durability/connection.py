"""One keep-alive HTTP connection to a protector. Whoever uses it wants to know whether an answer came whole, and nothing else."""
import socket


class Broken(Exception):
    """The connection ended, or was never made: what became of the request is unknown."""


class Refused(Exception):
    """The protector answered with an error: nothing has been recorded."""

    def __init__(self, status, text):
        super().__init__(f"status {status}: {text}")
        self.status = status


class Connection:
    def __init__(self, port, timeout=20.0):
        self._buffer = b""
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raise Broken(str(error)) from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._socket.close()

    def request(self, method, path, body=b"", headers=""):
        """The body of a 200 answer."""
        head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}content-length: {len(body)}\r\n\r\n"
        try:
            self._socket.sendall(head.encode() + body)
            return self._answer()
        except OSError as error:
            raise Broken(str(error)) from None

    def post(self, path, body, content_type, seen=None):
        headers = f"content-type: {content_type}\r\n"
        if seen:
            headers += f"holdfast-seen: {seen[0]}.{seen[1]}\r\n"
        return self.request("POST", path, body, headers)

    def _answer(self):
        head = self._until(b"\r\n\r\n")
        status = int(head[9:12])
        size = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        while len(self._buffer) < size:
            self._more()
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        if status != 200:
            raise Refused(status, body.decode(errors="replace"))
        return body

    def _until(self, end):
        while end not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(end)
        return head

    def _more(self):
        data = self._socket.recv(1 << 18)
        if not data:
            raise Broken("closed by the protector")
        self._buffer += data
