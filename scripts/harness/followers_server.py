"""An HTTP server that answers with its name, as JSON: what load balancers usually stand in front of.

usage: followers_server.py NAME PORT
"""
import http.server
import json
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps({"instance": sys.argv[1]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing."""


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """A client that has gone away is nothing to tell."""


if __name__ == "__main__":
    Server(("0.0.0.0", int(sys.argv[2])), Handler).serve_forever()
