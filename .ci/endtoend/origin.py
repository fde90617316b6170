"""A small origin on loopback that serves the example feeds as publishers do, and misbehaves on request."""
import gzip
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Publishers write validators in odd forms: they must come back byte for byte.
LAST_MODIFIED = "Sun, 22 Nov 2026 22:00:00 +0100"
SLOW_SECONDS = 30
ENDLESS_BYTES = 64 * 1024 * 1024
TYPES = {".json": "application/feed+json", ".rdf": "application/rdf+xml", ".xml": "text/xml; charset=utf-8"}


def etag_of(body):
    return 'W/"v1;a,b:' + hashlib.sha256(body).hexdigest()[:12] + '"'


class Origin:
    """Feeds under /feeds/, redirects to them under /moved/, and /gone /page /slow /endless."""

    def __init__(self, folder):
        self.documents = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.seen, self.closing = [], threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def handler(self):
        origin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                origin.seen.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
                try:
                    origin.answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

        return Handler

    def answer(self, request):
        folder, _, name = request.path.strip("/").partition("/")
        if folder == "feeds" and name in self.documents:
            self.feed(request, self.documents[name], "." + name.rsplit(".", 1)[-1])
        elif folder == "moved":
            respond(request, 301, {"Location": f"/feeds/{name}"})
        elif folder == "page":
            respond(request, 200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><html><p>Welcome")
        elif folder == "slow":
            self.closing.wait(SLOW_SECONDS)
            request.close_connection = True
        elif folder == "endless":
            self.endless(request)
        else:
            respond(request, 404, {}, b"gone")

    def feed(self, request, body, suffix):
        validators = {"ETag": etag_of(body), "Last-Modified": LAST_MODIFIED}
        if request.headers.get("If-None-Match") == validators["ETag"]:
            respond(request, 304, validators)
            return
        headers = {"Content-Type": TYPES[suffix], **validators}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        respond(request, 200, headers, body)

    def endless(self, request):
        """Few bytes on the wire, many behind them."""
        bomb = gzip.compress(b"<rss version='2.0'><channel>" + b" " * ENDLESS_BYTES)
        respond(request, 200, {"Content-Type": "text/xml", "Content-Encoding": "gzip"}, bomb)


def respond(request, status, headers, body=b""):
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    if status != 304:
        request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
