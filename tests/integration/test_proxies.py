"""The proxies of dagster_project/deployment as shipped, on Debian's nginx and Caddy: who is let in, what they can reach.

Only addresses, ports and folders are replaced; Dagster's pages are stood for by a server that tells what it was asked.
"""

from __future__ import annotations

import base64
import grp
import json
import os
import pwd
import re
import shlex
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import trustme

from dagster_project.settings import PROJECT_ROOT
from tests.fixtures.loopback import free_port

DEPLOYMENT = PROJECT_ROOT / "dagster_project" / "deployment"
PROXIES = ("nginx", "caddy")
READER = "www-data"
"""The account of Debian's web servers; its own group stands for hiw-analysts."""
PASSWORDS = {"engineer": "correct horse", "viewer": "battery staple"}
PRIVATE = ("returns", "raw", "build", "clean", "dagster")
pytestmark = pytest.mark.requires_proxies


@dataclass(frozen=True)
class Answer:
    status: int
    body: str
    seconds: float


@dataclass(frozen=True)
class Proxy:
    """A running proxy: the ports of the engineers' and of the viewers' site."""

    ports: dict[str, int]
    trusted: ssl.SSLContext

    def ask(self, site: str, path: str, user: str = "", password: str = "") -> Answer:
        asked = urllib.request.Request(f"https://localhost:{self.ports[site]}{path}")
        if user:
            asked.add_header("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())
        begun = time.monotonic()
        try:
            answer = urllib.request.urlopen(asked, timeout=30, context=self.trusted)
        except urllib.error.HTTPError as refused:
            answer = refused
        return Answer(answer.status, answer.read().decode(), time.monotonic() - begun)


class _Pages(BaseHTTPRequestHandler):
    """Tells the port, the host name and the login that arrived."""

    def do_GET(self) -> None:
        told = {
            "port": self.server.server_address[1],
            "host": self.headers["Host"],
            "login": self.headers["Authorization"],
        }
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(told).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that other accounts can reach, which pytest's own is not."""
    with tempfile.TemporaryDirectory(prefix="hiw-proxy-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture(scope="module")
def lake(folder: Path) -> Path:
    """The data folder as the guide's own commands make it, with a release whose folder is made as the publisher makes it."""
    lines = re.findall(r"^install -d (.*/srv/hiw.*)$", (DEPLOYMENT / "README.md").read_text(), flags=re.MULTILINE)
    group = grp.getgrgid(pwd.getpwnam(READER).pw_gid).gr_name
    for line in lines:
        told = (
            line.replace("-o hiw", "-o nobody")
            .replace("-g hiw-analysts", f"-g {group}")
            .replace("-g hiw ", "-g nogroup ")
        )
        subprocess.run(["install", "-d", *shlex.split(told.replace("/srv/hiw", str(folder / "hiw")))], check=True)
    made = folder / "hiw"
    before = os.umask(0o027)
    try:
        release = made / "releases" / "one"
        release.mkdir()
        (release / "index.html").write_text("the report")
        (release / "index.html").chmod(0o444)
        (made / "published" / "index.html").symlink_to("../releases/one/index.html")
        for name in PRIVATE:
            (made / name / "kept.txt").write_text("not for readers")
    finally:
        os.umask(before)
    return made


@cache
def _hash(password: str) -> str:
    """As `caddy hash-password` makes it, at its own cost."""
    done = subprocess.run(
        ["caddy", "hash-password", "--plaintext", password], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _nginx(folder: Path, text: str) -> tuple[list[str], dict[str, str]]:
    for name, user in (("hiw-engineers", "engineer"), ("hiw-viewers", "viewer")):
        made = subprocess.run(
            ["openssl", "passwd", "-apr1", PASSWORDS[user]], capture_output=True, text=True, check=True
        )
        (folder / name).write_text(f"{user}:{made.stdout.strip()}\n")
        (folder / name).chmod(0o644)
    site = folder / "hiw.conf"
    site.write_text(text.replace("/etc/nginx/tls/warehouse", str(folder / "tls")).replace("/etc/nginx", str(folder)))
    whole = folder / "nginx.conf"
    whole.write_text(
        f"user {READER}; daemon off; pid {folder}/nginx.pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; include {site}; }}\n"
    )
    return ["nginx", "-c", str(whole)], {}


def _caddy(folder: Path, text: str) -> tuple[list[str], dict[str, str]]:
    whole = folder / "Caddyfile"
    certificate = f"\ttls {folder}/tls.crt {folder}/tls.key\n"
    sites = re.sub(r"^(https://.*\{\n)", lambda site: site[0] + certificate, text, flags=re.MULTILINE)
    whole.write_text("{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n}\n" + sites)
    hashes = {f"HIW_{user.upper()}_HASH": _hash(password) for user, password in PASSWORDS.items()}
    account = pwd.getpwnam(READER)
    home = folder / "home"
    home.mkdir()
    os.chown(home, account.pw_uid, account.pw_gid)
    become = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    command = [*become, "caddy", "run", "--config", str(whole), "--adapter", "caddyfile"]
    return command, hashes | {"HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}


@contextmanager
def _running(kind: str, folder: Path, lake: Path) -> Iterator[Proxy]:
    made = folder / kind
    made.mkdir()
    made.chmod(0o755)
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(str(made / "tls.key"))
    (made / "tls.crt").write_bytes(b"".join(part.bytes() for part in certificate.cert_chain_pems))
    (made / "tls.key").chmod(0o644)
    ports = {"engineer": free_port(), "viewer": free_port()}
    shipped = (DEPLOYMENT / "proxy" / {"nginx": "nginx.conf", "caddy": "Caddyfile"}[kind]).read_text()
    with ExitStack() as stack:
        for user, port in (("engineer", 3000), ("viewer", 3001)):
            pages = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), _Pages))
            Thread(target=pages.serve_forever, daemon=True).start()
            stack.callback(pages.shutdown)
            shipped = shipped.replace(f"127.0.0.1:{port}", f"127.0.0.1:{pages.server_port}")
            name = "view.warehouse.example.nhs.uk" if user == "viewer" else "warehouse.example.nhs.uk"
            shipped = re.sub(rf"^{name} ", f"https://localhost:{ports[user]} ", shipped, flags=re.MULTILINE)
            shipped = re.sub(
                rf"listen 443 ssl;\n    server_name {name};",
                f"listen 127.0.0.1:{ports[user]} ssl;\n    server_name localhost;",
                shipped,
            )
        shipped = shipped.replace("/srv/hiw", str(lake))
        command, environment = (_nginx if kind == "nginx" else _caddy)(made, shipped)
        with (made / "log").open("wb") as log:
            process = subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log)
        stack.callback(process.wait, timeout=20)
        stack.callback(process.terminate)
        for port in ports.values():
            _wait_for(port, process, made / "log")
        trusted = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
        yield Proxy(ports, trusted)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"the proxy did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module", params=PROXIES)
def proxy(request: pytest.FixtureRequest, folder: Path, lake: Path) -> Iterator[Proxy]:
    with _running(request.param, folder, lake) as running:
        yield running


@pytest.mark.parametrize("site", ["engineer", "viewer"])
def test_each_site_asks_for_its_own_password_and_keeps_it_to_itself(proxy: Proxy, site: str) -> None:
    other = "viewer" if site == "engineer" else "engineer"
    assert proxy.ask(site, "/").status == 401
    assert proxy.ask(site, "/", other, PASSWORDS[other]).status == 401
    let_in = proxy.ask(site, "/runs", site, PASSWORDS[site])
    assert let_in.status == 200
    told = json.loads(let_in.body)
    assert told["host"].startswith("localhost") and told["login"] in (None, "")


def test_a_wrong_password_is_answered_late(proxy: Proxy) -> None:
    wrong = proxy.ask("engineer", "/", "engineer", "guess")
    assert wrong.status == 401
    assert wrong.seconds > 0.3, "nginx: auth_delay of 2 s; Caddy: one bcrypt of cost 14"


def test_the_release_is_read_through_the_proxy_and_nothing_beside_it(proxy: Proxy) -> None:
    login = ("viewer", PASSWORDS["viewer"])
    assert proxy.ask("viewer", "/release/index.html", *login).body == "the report"
    assert proxy.ask("viewer", "/release/index.html").status == 401
    for name in PRIVATE:
        assert "not for readers" not in proxy.ask("viewer", f"/release/%2e%2e/{name}/kept.txt", *login).body


@pytest.mark.parametrize("name", PRIVATE)
def test_readers_of_the_release_reach_nothing_else(lake: Path, name: str) -> None:
    account = pwd.getpwnam(READER)
    become = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]

    def reads(path: Path) -> bool:
        return subprocess.run([*become, "cat", str(path)], check=False, capture_output=True).returncode == 0

    assert reads(lake / "published" / "index.html")
    assert not reads(lake / name / "kept.txt")
