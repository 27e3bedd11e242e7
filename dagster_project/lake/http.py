"""Files and pages from publishers' sites, over HTTPS: listed hosts, bounded sizes and times, failures said in words.

A connection serves one request and is thrown away: a nightly run fetches dozens of files, not thousands, and every request
can then carry its own deadline. The connection itself is guard.py; what a file holds is judged in content.py.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import http.client
import random
import re
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import requests
import urllib3
from urllib3.util import parse_url

from dagster_project.lake.files import LakeError, require_free_space, writing_whole
from dagster_project.lake.guard import ForbiddenPeer, GuardedAdapter, OutOfTime, Pace, PacedContext, TooSlow

OnProgress = Callable[[int, int | None], None]
Result = TypeVar("Result")

PIECE_BYTES = 1 << 16
MAXIMUM_PAGE_BYTES = 5_000_000
HTTPS_PORT = 443
RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
DECODED_ENCODINGS = frozenset({"gzip", "x-gzip"})
GZIP_WINDOW_BITS = 31
_SECRET_NAME = re.compile(r"token|key|sig|secret|password|credential|auth|session", re.IGNORECASE)
_DATES = urllib3.Retry(total=None)
"""Used for what it knows of Retry-After, seconds and dates; the waiting is ours, because bodies are retried too."""


@dataclass(frozen=True)
class FetchLimits:
    """Bounds on one address, all attempts and redirects together where it says total."""

    connect_seconds: float = 10
    read_seconds: float = 30
    total_seconds: float = 900
    minimum_bytes_per_second: float = 1024
    throughput_window_seconds: float = 20
    maximum_bytes: int = 500_000_000
    maximum_redirects: int = 5
    attempts: int = 4
    backoff_base_seconds: float = 1
    backoff_cap_seconds: float = 60


@dataclass(frozen=True)
class Fetched:
    """One answer: where the bytes came from, where they are, and what the server said of them."""

    address: str
    """The address that answered, after redirects; values of secret-looking parameters are masked."""
    path: Path | None
    """None where nothing was sent because nothing changed."""
    sha256: str
    size: int
    etag: str | None
    last_modified: str | None
    content_type: str | None
    retrieved_at: dt.datetime
    status: Literal["fetched", "not_modified"]


class SourceMoved(LakeError):
    """Nothing is at the address any more (404 or 410)."""


class SourceUnavailable(LakeError):
    """The site does not answer properly now: errors, timeouts, cut bodies, no name, after all attempts."""


class Refused(LakeError):
    """We do not accept what the site does, or it does not accept us; trying again would not help."""


class _Transient(Exception):
    """A failure that the next attempt may heal."""

    def __init__(self, why: str, wait_seconds: float = 0) -> None:
        super().__init__(why)
        self.wait_seconds = wait_seconds


class HttpClient:
    """Fetches from `allowed_hosts` only, over https only, with TLS verified always.

    `certificate_bundle` adds nothing to the bundle of certifi but replaces it (for a network that inspects TLS).
    `allow_loopback` admits addresses of this machine and other ports than 443, for tests; private and link-local
    addresses stay refused. Proxies of the environment (HTTPS_PROXY) are used; credentials of .netrc are not.
    """

    def __init__(
        self,
        *,
        allowed_hosts: frozenset[str],
        user_agent: str,
        limits: FetchLimits,
        certificate_bundle: Path | None = None,
        allow_loopback: bool = False,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allowed_hosts = frozenset(host.lower() for host in allowed_hosts)
        self._user_agent = user_agent
        self._limits = limits
        self._certificate_bundle = certificate_bundle
        self._allow_loopback = allow_loopback
        self._sleep = sleep
        self._clock = clock

    def fetch(
        self,
        address: str,
        destination: Path,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        maximum_bytes: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> Fetched:
        """Stream the file at `address` to `destination`, whole or not at all, and give its sha256 and provenance.

        With the validators of the last fetch (`etag`, `last_modified`) an unchanged file gives status 'not_modified',
        no path, no sha256 and size 0. `on_progress` receives bytes so far and bytes in all (None where the server does
        not say). Raises SourceMoved, SourceUnavailable, Refused or NoSpace; `destination` is then as it was and no `.part`
        is left.
        """
        validators = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in validators.items() if value}
        cap = self._limits.maximum_bytes if maximum_bytes is None else maximum_bytes

        def receive(response: requests.Response) -> Fetched:
            if response.status_code == requests.codes.not_modified:
                return _describe(response, None, "", 0)
            _refuse_unsuitable(response, cap)
            length = _content_length(response)
            require_free_space(destination.parent, cap if length is None else length)
            with writing_whole(destination) as stream:
                sha256, size = _receive_body(response, stream, cap, on_progress)
            return _describe(response, destination, sha256, size)

        return self._attempt(address, headers, receive)

    def read_page(self, address: str) -> str:
        """Return the text of a landing page of at most 5 MB, by its declared charset, else UTF-8; raises as `fetch` does."""

        def receive(response: requests.Response) -> str:
            _refuse_unsuitable(response, MAXIMUM_PAGE_BYTES)
            body = b"".join(_body(response, MAXIMUM_PAGE_BYTES))
            charset = requests.utils.get_encoding_from_headers(response.headers)
            # requests falls back to ISO-8859-1 for text/* without charset, as RFC 2616 said; pages today are UTF-8.
            declared = charset if "charset" in response.headers.get("Content-Type", "").lower() else None
            return _decode_page(body, declared)

        return self._attempt(address, {}, receive)

    # -- attempts -----------------------------------------------------------------------------------------------------

    def _attempt(
        self, address: str, headers: Mapping[str, str], receive: Callable[[requests.Response], Result]
    ) -> Result:
        """What `receive` makes of the answer; what may heal is tried again until attempts or time run out."""
        pace = Pace(
            self._clock,
            total_seconds=self._limits.total_seconds,
            read_seconds=self._limits.read_seconds,
            window_seconds=self._limits.throughput_window_seconds,
            minimum_bytes_per_second=self._limits.minimum_bytes_per_second,
        )
        number = 0
        while True:
            number += 1
            try:
                with _healing_errors(address), self._answer(address, headers, pace) as response:
                    return receive(response)
            except _Transient as failure:
                self._sleep(self._wait_after(address, number, failure, pace.remaining()))

    def _wait_after(self, address: str, number: int, failure: _Transient, remaining: float) -> float:
        """Seconds until the next attempt; raises SourceUnavailable where there is none or no time for it."""
        ceiling = min(self._limits.backoff_cap_seconds, self._limits.backoff_base_seconds * 2.0 ** (number - 1))
        # Half of the wait is random, so that many warehouses do not come back in the same second.
        wait = max(failure.wait_seconds, ceiling * random.uniform(0.5, 1))  # noqa: S311 - no secret
        if number == self._limits.attempts:
            raise _unavailable(address, f"{failure} ({number} attempts)") from failure
        if wait >= remaining:
            raise _unavailable(
                address, f"{failure}; no time left to retry (the next attempt would start in {wait:.0f} s)"
            ) from failure
        return wait

    @contextmanager
    def _answer(self, address: str, headers: Mapping[str, str], pace: Pace) -> Iterator[requests.Response]:
        """The final answer (200 or an asked-for 304) after redirects, each hop checked before it is followed."""
        start = address
        with self._open_session(pace) as session:
            for _ in range(self._limits.maximum_redirects + 1):
                self._check_address(address)
                with self._ask(session, address, headers) as response:
                    target = session.get_redirect_target(response)
                    if target is None:
                        _check_status(response, conditional=bool(headers))
                        yield response
                        return
                    address = _join(address, target)
        raise _refused(start, f"more than {self._limits.maximum_redirects} redirects", "open the address in a browser")

    def _ask(self, session: requests.Session, address: str, headers: Mapping[str, str]) -> requests.Response:
        return session.get(
            address,
            headers=headers,
            stream=True,
            allow_redirects=False,
            timeout=(self._limits.connect_seconds, self._limits.read_seconds),
            verify=None if self._certificate_bundle is None else str(self._certificate_bundle),
        )

    def _check_address(self, address: str) -> None:
        """Raise Refused unless the address is https, without credentials, of an allowed host on the usual port."""
        try:
            # The parser that will connect; two parsers could read two hosts out of one crafted address.
            parts = parse_url(address)
        except urllib3.exceptions.LocationParseError as error:
            raise _refused(address, "it is not an address", "look at the page that links to it") from error
        listing = "look where the link leads; list the host in source.yml only if it is the publisher's own"
        if parts.scheme != "https":
            raise _refused(address, f"its scheme is {parts.scheme or 'missing'}, only https is accepted", listing)
        if parts.auth is not None:
            raise _refused(address, "it carries a user name or password", listing)
        if (parts.host or "").lower() not in self._allowed_hosts:
            raise _refused(address, f"the host {parts.host} is not among the source's hosts", listing)
        if parts.port not in (None, HTTPS_PORT) and not self._allow_loopback:
            raise _refused(address, f"port {parts.port} is not {HTTPS_PORT}", listing)

    def _open_session(self, pace: Pace) -> requests.Session:
        session = _Session()
        session.adapters.clear()
        session.mount("https://", GuardedAdapter(PacedContext.paced_by(pace), allow_loopback=self._allow_loopback))
        session.auth = _without_credentials
        session.headers.update({"User-Agent": self._user_agent, "Accept-Encoding": "identity"})
        return session


class _Session(requests.Session):
    def resolve_redirects(self, *_: Any, **__: Any) -> Iterator[Any]:
        """Return None: requests would first read the redirect's whole body into memory, however long it is."""
        return iter(())


def _without_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """An `auth` that adds nothing; without one, requests would send what a .netrc file holds for the host."""
    return request


# -- the answer --------------------------------------------------------------------------------------------------------


def _check_status(response: requests.Response, *, conditional: bool) -> None:
    """Return at 200 and at an asked-for 304; raise the error that fits any other status."""
    status = response.status_code
    if status == requests.codes.ok or (status == requests.codes.not_modified and conditional):
        return
    named = f"the site answered {status} {response.reason or ''}".rstrip()
    if status in (requests.codes.not_found, requests.codes.gone):
        raise SourceMoved(
            f"nothing is at {_show(response.url)}", named, "find the file's new address on the publisher's landing page"
        )
    if status in RETRIED_STATUSES:
        raise _Transient(named, _retry_after(response))
    if status in (requests.codes.unauthorized, requests.codes.forbidden):
        raise _refused(
            response.url, named, "put a contact into HIW_USER_AGENT; open the address in a browser to compare"
        )
    if status >= requests.codes.internal_server_error:
        raise _Transient(named)
    raise _refused(response.url, named, "open the address in a browser to compare")


def _retry_after(response: requests.Response) -> float:
    try:
        return _DATES.parse_retry_after(response.headers.get("Retry-After", "0"))
    except urllib3.exceptions.InvalidHeader:
        return 0


def _content_length(response: requests.Response) -> int | None:
    """The declared length of the body as it will be written; None where undeclared or where the body is encoded."""
    declared = response.headers.get("Content-Length", "")
    chunked = "chunked" in response.headers.get("Transfer-Encoding", "").lower()
    return int(declared) if declared.isdecimal() and not chunked and not _body_encoding(response) else None


def _body_encoding(response: requests.Response) -> str:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    return "" if encoding == "identity" else encoding


def _refuse_unsuitable(response: requests.Response, cap: int) -> None:
    """Raise before the body is read: a declared length beyond the cap, or an encoding that we cannot decode."""
    length = _content_length(response)
    if length is not None and length > cap:
        raise _too_large(response.url, f"it declares {length:,} bytes", cap)
    encoding = _body_encoding(response)
    if encoding and encoding not in DECODED_ENCODINGS:
        raise _refused(
            response.url, f"its body is encoded as {encoding!r}, though none was asked for", "tell its publisher"
        )


def _body(response: requests.Response, cap: int) -> Iterator[bytes]:
    """The body, decoded, in pieces as they arrive; raises Refused above `cap` decoded bytes."""
    count = 0
    sent = iter(lambda: response.raw.read1(PIECE_BYTES, decode_content=False), b"")
    for piece in _decompress(sent) if _body_encoding(response) else sent:
        count += len(piece)
        if count > cap:
            raise _too_large(response.url, f"it sent more than {cap:,} bytes", cap)
        yield piece


def _decompress(sent: Iterator[bytes]) -> Iterator[bytes]:
    """Gzip undone in bounded pieces; urllib3 would take a gzip stream that lacks its end for a whole one."""
    decoder = zlib.decompressobj(GZIP_WINDOW_BITS)
    try:
        for piece in sent:
            left = piece
            while left:
                yield decoder.decompress(left, PIECE_BYTES)
                left = decoder.unconsumed_tail
            if decoder.unused_data:
                raise _Transient("its gzip encoding has something after its end")
        yield decoder.flush()
    except zlib.error as error:
        raise _Transient("its gzip encoding is damaged") from error
    if not decoder.eof:
        raise _Transient("its gzip encoding was cut")


def _receive_body(
    response: requests.Response, stream: BinaryIO, cap: int, on_progress: OnProgress | None
) -> tuple[str, int]:
    """Write the body to `stream`; gives its sha256 and size."""
    digest, size, length = hashlib.sha256(), 0, _content_length(response)
    for piece in _body(response, cap):
        stream.write(piece)
        digest.update(piece)
        size += len(piece)
        if on_progress is not None:
            on_progress(size, length)
    if length is not None and size != length:
        raise _Transient(f"the body was cut at {size:,} of {length:,} bytes")
    return digest.hexdigest(), size


def _describe(response: requests.Response, path: Path | None, sha256: str, size: int) -> Fetched:
    return Fetched(
        address=_show(response.url),
        path=path,
        sha256=sha256,
        size=size,
        etag=response.headers.get("ETag"),
        last_modified=response.headers.get("Last-Modified"),
        content_type=response.headers.get("Content-Type"),
        retrieved_at=dt.datetime.now(dt.UTC),
        status="fetched" if path is not None else "not_modified",
    )


def _decode_page(body: bytes, declared: str | None) -> str:
    """Links are ASCII, so a wrong charset costs a letter in a title, never the page."""
    try:
        return body.decode(declared or "utf-8-sig", errors="replace")
    except LookupError:
        return body.decode("utf-8-sig", errors="replace")


# -- errors ------------------------------------------------------------------------------------------------------------

# In our own words: the libraries' texts carry addresses, and so perhaps secrets, at any length. The first that fits.
_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "the host's name cannot be resolved"),
    (ConnectionRefusedError, "the host refused the connection"),
    (urllib3.exceptions.ConnectTimeoutError, "the host did not accept a connection in time"),
    (TimeoutError, "it did not answer in time"),
    (urllib3.exceptions.TimeoutError, "it did not answer in time"),
    (urllib3.exceptions.IncompleteRead, "the body was cut short"),
    (http.client.IncompleteRead, "the body was cut short"),
    (ssl.SSLEOFError, "the connection ended before the answer was whole"),
    (ssl.SSLError, "the TLS connection failed"),
)


@contextmanager
def _healing_errors(address: str) -> Iterator[None]:
    """Turn what lies below into our errors: a forbidden peer and a bad certificate are final, all else may heal."""
    try:
        yield
    except ForbiddenPeer as error:
        raise _refused(
            address, str(error), "ask who runs that name; no file is fetched from inside a network"
        ) from error
    except TooSlow as error:
        raise _Transient(str(error)) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        causes = list(_causes(error))
        certificate = next((cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), None)
        if certificate is not None:
            raise _refused(
                address,
                f"its certificate was not accepted ({certificate.verify_message})",
                "check the clock; behind a proxy that inspects TLS, set REQUESTS_CA_BUNDLE; never switch verification off",
            ) from error
        raise _Transient(_reason(causes)) from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it wraps and what led to it; requests hides causes in its arguments."""
    waiting, seen = [error], set[int]()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        related = [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
        waiting += [other for other in related if isinstance(other, BaseException)]


def _reason(causes: list[BaseException]) -> str:
    for cause in causes:
        if isinstance(cause, OutOfTime):
            return str(cause)
    for kind, text in _REASONS:
        if any(isinstance(cause, kind) for cause in causes):
            return text
    return f"the connection broke ({type(causes[-1]).__name__})"


def _unavailable(address: str, why: str) -> SourceUnavailable:
    next_step = "the last good file stays in use; run again later, or ask its publisher"
    return SourceUnavailable(f"could not fetch {_show(address)}", why, next_step)


def _refused(address: str, why: str, next_step: str) -> Refused:
    return Refused(f"refused to fetch {_show(address)}", why, next_step)


def _too_large(address: str, what: str, cap: int) -> Refused:
    next_step = "look at the file; raise max_bytes in source.yml if it is genuine"
    return _refused(address, f"{what} and the cap is {cap:,}", next_step)


def _join(address: str, target: str) -> str:
    try:
        return urljoin(address, target)
    except ValueError as error:
        raise _refused(address, "it redirects to something that is not an address", "open it in a browser") from error


def _show(address: str) -> str:
    """The address without user name, password and secret-looking parameters, fit for a log and the ledger."""
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return "an address that cannot be read"
    query = parts.query
    if any(_SECRET_NAME.search(name) for name, _ in pairs):
        query = urlencode([(name, "***" if _SECRET_NAME.search(name) else value) for name, value in pairs], safe="*")
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))
