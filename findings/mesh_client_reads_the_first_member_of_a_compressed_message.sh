#!/usr/bin/env bash
# NHS England's mesh-client 5.0.2: a message sent with Content-Encoding gzip is unpacked while it is read, but only its first gzip member. A file made of two
# members (what `cat a.gz b.gz` and parallel compressors write, and every gzip reader takes whole) gives its first part, without an error; bytes that
# end before the member does give what was there, again without an error. Used as a context manager the message is then acknowledged, which
# removes it from the mailbox. Whoever takes returns by MESH must compare size or hash with what the sender said before he acknowledges. An empty
# message cannot be read line by line: IndexError.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: mesh-client==5.0.2 2>/dev/null
"$folder/venv/bin/python" -W ignore - <<'PY'
import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

from mesh_client import MeshClient

FIRST, SECOND = b"org,patients\nRXX,10\n" * 50, b"RYY,20\n" * 50
MESSAGES = {
    "one": gzip.compress(FIRST + SECOND),
    "two": gzip.compress(FIRST) + gzip.compress(SECOND),
    "short": gzip.compress(FIRST + SECOND)[:-20],
    "empty": gzip.compress(b""),
}
acknowledged = []


class Mailbox(BaseHTTPRequestHandler):
    """As much of a mailbox as the client needs to read and acknowledge a message."""

    def do_GET(self):
        body = MESSAGES[self.path.rsplit("/", 1)[1]]
        self.send_response(200)
        for name, value in {"Content-Encoding": "gzip", "Mex-Chunk-Range": "1:1", "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        acknowledged.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Mailbox)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("mesh-client", version("mesh-client"))
client = MeshClient(f"http://127.0.0.1:{server.server_port}", "X26", "password", shared_key=b"key")
got = {}
for name in ("one", "two", "short"):
    with client.retrieve_message(name) as message:
        got[name] = message.read()
    print(f"  {name:6} {len(FIRST + SECOND)} bytes were sent, {len(gzip.decompress(MESSAGES[name])) if name != 'short' else '-'} by gzip, {len(got[name])} read")
print("  acknowledged:", len(acknowledged), "of 3")
assert got["one"] == FIRST + SECOND and got["two"] == FIRST and got["short"] != FIRST + SECOND
assert len(acknowledged) == 3
try:
    list(client.retrieve_message("empty"))
except IndexError as error:
    print("  empty, by line: IndexError:", error)
else:
    raise AssertionError("an empty message is read")
PY
