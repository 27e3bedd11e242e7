"""Faults N1 to N6, N10, N11 and N15 of the network (tests/README.md), each made real by a misbehaving HTTPS server on this machine.

After every refused fetch the destination is as it was and no `.part` is left beside it.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import socket
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import requests

from dagster_project.lake import http as lake_http
from dagster_project.lake.content import HtmlInsteadOfData, check_content
from dagster_project.lake.files import LakeError, NoSpace
from dagster_project.lake.guard import is_public
from dagster_project.lake.http import FetchLimits, HttpClient, Refused, SourceMoved, SourceUnavailable
from tests.fixtures.loopback import (
    Behaviour,
    Loopback,
    TunnellingProxy,
    cut_body,
    drip,
    drip_head,
    redirect_to,
    reply,
    reply_unless_known,
    say_nothing,
    send_chunks,
    send_endlessly,
    send_without_length,
)

BODY = b"org_code,patients\r\nZA1,10\r\n" * 400
LIMITS = FetchLimits(
    connect_seconds=2, read_seconds=2, total_seconds=20, maximum_bytes=100_000, attempts=3, backoff_base_seconds=1
)


class Bench:
    """A client of the site that notes how long it would have slept."""

    def __init__(self, site: Loopback, folder: Path) -> None:
        self.site = site
        self.destination = folder / "inbox" / "file.csv"
        self.destination.parent.mkdir()
        self.waits: list[float] = []

    def client(self, limits: FetchLimits = LIMITS, *, hosts: tuple[str, ...] = ("localhost",)) -> HttpClient:
        return HttpClient(
            allowed_hosts=frozenset(hosts),
            user_agent="warehouse-tests/1 (+mailto:tests@example.org)",
            limits=limits,
            certificate_bundle=self.site.certificate_bundle,
            allow_loopback=True,
            sleep=self.waits.append,
        )

    def fetch(self, *behaviours: Behaviour, limits: FetchLimits = LIMITS) -> lake_http.Fetched:
        return self.client(limits).fetch(self.site.script("/file.csv", *behaviours), self.destination)

    def refuse(
        self, kind: type[LakeError], *behaviours: Behaviour, match: str, limits: FetchLimits = LIMITS
    ) -> LakeError:
        """The error of a fetch that must fail; the last good file must outlive it."""
        self.destination.write_bytes(b"last good file")
        with pytest.raises(kind, match=match) as caught:
            self.fetch(*behaviours, limits=limits)
        assert type(caught.value) is kind
        self.must_hold_only(b"last good file")
        return caught.value

    def must_hold_only(self, content: bytes) -> None:
        assert [path.name for path in self.destination.parent.iterdir()] == ["file.csv"]
        assert self.destination.read_bytes() == content


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Loopback]:
    with Loopback(tmp_path) as running:
        yield running


@pytest.fixture
def bench(site: Loopback, tmp_path: Path) -> Bench:
    return Bench(site, tmp_path)


# -- what must work, so that the refusals below mean something ----------------------------------------------------------


def test_a_whole_file_arrives_with_its_provenance(bench: Bench) -> None:
    headers = {"ETag": '"v1"', "Last-Modified": "Fri, 06 Mar 2026 09:30:00 GMT", "Content-Type": "text/csv"}
    before = dt.datetime.now(dt.UTC)
    fetched = bench.fetch(reply(200, BODY, headers))
    assert (fetched.status, fetched.path, fetched.size) == ("fetched", bench.destination, len(BODY))
    assert fetched.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (fetched.etag, fetched.last_modified, fetched.content_type) == tuple(headers.values())
    assert fetched.address == bench.site.address("/file.csv")
    assert before <= fetched.retrieved_at <= dt.datetime.now(dt.UTC)
    bench.must_hold_only(BODY)
    [request] = bench.site.seen
    assert request.headers["User-Agent"].startswith("warehouse-tests/1")
    assert request.headers["Accept-Encoding"] == "identity"


def test_progress_is_told_to_the_last_byte(bench: Bench) -> None:
    told: list[tuple[int, int | None]] = []
    address = bench.site.script("/file.csv", reply(200, BODY))
    bench.client().fetch(address, bench.destination, on_progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(BODY), len(BODY))


def test_an_unchanged_file_is_not_sent_again(bench: Bench) -> None:
    address = bench.site.script("/file.csv", reply_unless_known(BODY, '"v1"'))
    fetched = bench.client().fetch(
        address, bench.destination, etag='"v1"', last_modified="Fri, 06 Mar 2026 09:30:00 GMT"
    )
    assert (fetched.status, fetched.path, fetched.etag) == ("not_modified", None, '"v1"')
    assert not bench.destination.exists()
    assert bench.site.seen[0].headers["If-Modified-Since"] == "Fri, 06 Mar 2026 09:30:00 GMT"


def test_not_modified_that_nobody_asked_for_is_refused(bench: Bench) -> None:
    bench.refuse(Refused, reply(304), match="answered 304")


def test_redirects_within_the_allowed_hosts_are_followed(bench: Bench) -> None:
    bench.site.script("/new.csv", reply(200, BODY))
    bench.site.script("/moved.csv", redirect_to("/new.csv", 301))
    fetched = bench.fetch(redirect_to(bench.site.address("/moved.csv"), 308))
    assert fetched.address == bench.site.address("/new.csv")
    bench.must_hold_only(BODY)


@pytest.mark.parametrize(
    ("content_type", "sent"),
    [
        ("text/html; charset=windows-1252", "Trust’s page £".encode("cp1252")),
        ("text/html", "Trust’s page £".encode()),
        ("text/html", "\ufeffTrust’s page £".encode()),
        ("text/html; charset=klingon", "Trust’s page £".encode()),
    ],
)
def test_a_page_is_read_by_its_declared_charset_else_utf8(bench: Bench, content_type: str, sent: bytes) -> None:
    address = bench.site.script("/", reply(200, sent, {"Content-Type": content_type}))
    assert bench.client().read_page(address) == "Trust’s page £"


# -- N1 to N3 -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
def test_n1_a_missing_file_is_source_moved_at_once_and_the_last_good_file_stays(bench: Bench, status: int) -> None:
    error = bench.refuse(SourceMoved, reply(status), match=f"answered {status}")
    assert bench.site.address("/file.csv") in error.what
    assert "landing page" in error.next_step
    assert len(bench.site.seen) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520])
def test_n2_a_passing_error_is_healed_by_another_attempt(bench: Bench, status: int) -> None:
    bench.fetch(reply(status), reply(status), reply(200, BODY))
    bench.must_hold_only(BODY)
    assert len(bench.waits) == 2


def test_n2_a_lasting_error_is_source_unavailable_after_all_attempts(bench: Bench) -> None:
    bench.refuse(SourceUnavailable, reply(503), match=r"answered 503.*3 attempts")
    assert len(bench.site.seen) == 3


def test_n2_the_wait_doubles_with_jitter_up_to_the_cap(bench: Bench) -> None:
    limits = replace(LIMITS, attempts=8, backoff_base_seconds=1, backoff_cap_seconds=8, total_seconds=500)
    bench.refuse(SourceUnavailable, reply(500), match="8 attempts", limits=limits)
    ceilings = [1, 2, 4, 8, 8, 8, 8]
    assert all(ceiling / 2 <= wait <= ceiling for wait, ceiling in zip(bench.waits, ceilings, strict=True))
    assert len(set(bench.waits)) == len(bench.waits)


def test_n2_retry_after_in_seconds_is_honoured(bench: Bench) -> None:
    bench.fetch(reply(429, headers={"Retry-After": "7"}), reply(200, BODY))
    assert bench.waits == [7]


def test_n2_retry_after_as_a_date_is_honoured(bench: Bench) -> None:
    then = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=9)
    bench.fetch(reply(503, headers={"Retry-After": format_datetime(then, usegmt=True)}), reply(200, BODY))
    assert 6 < bench.waits[0] <= 9


def test_n2_retry_after_beyond_the_total_time_is_not_waited_for(bench: Bench) -> None:
    bench.refuse(SourceUnavailable, reply(503, headers={"Retry-After": "3600"}), match="no time left to retry")
    assert bench.waits == []


def test_n2_a_retry_after_that_means_nothing_is_ignored(bench: Bench) -> None:
    bench.fetch(reply(503, headers={"Retry-After": "soon"}), reply(200, BODY))
    assert bench.waits[0] <= 1


def test_n3_a_host_that_refuses_connections_is_source_unavailable(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(SourceUnavailable, match="refused the connection"):
        bench.client().fetch(f"https://localhost:{port}/file.csv", bench.destination)


def test_n3_a_name_that_does_not_resolve_is_source_unavailable(bench: Bench) -> None:
    with pytest.raises(SourceUnavailable, match="name cannot be resolved"):
        bench.client(hosts=("nowhere.invalid",)).fetch("https://nowhere.invalid/file.csv", bench.destination)


def test_n3_a_silent_server_meets_the_read_deadline(bench: Bench) -> None:
    limits = replace(LIMITS, read_seconds=0.2, attempts=1)
    bench.refuse(SourceUnavailable, say_nothing(2), match="did not answer in time", limits=limits)


def test_n3_a_certificate_of_an_unknown_authority_is_refused_without_another_attempt(
    bench: Bench, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with Loopback(other) as stranger:
        address = stranger.script("/file.csv", reply(200, BODY))
        with pytest.raises(Refused, match="certificate was not accepted") as caught:
            bench.client().fetch(address, bench.destination)
        assert stranger.seen == []
    assert "never switch verification off" in caught.value.next_step


def test_n3_a_certificate_for_another_name_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _resolving_everything_to("127.0.0.1"))
    address = bench.site.address("/file.csv", host="www.england.nhs.uk")
    with pytest.raises(Refused, match=r"certificate was not accepted.*www\.england\.nhs\.uk"):
        bench.client(hosts=("www.england.nhs.uk",)).fetch(address, bench.destination)
    assert bench.site.seen == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_n3_the_environment_cannot_replace_the_configured_certificates(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "")
    bench.fetch(reply(200, BODY))
    monkeypatch.setenv(variable, str(bench.destination))
    bench.fetch(reply(200, BODY))


@pytest.mark.parametrize("shipped", [True, False], ids=["the bundle that ships with requests", "REQUESTS_CA_BUNDLE"])
def test_n3_without_a_configured_bundle_the_usual_ones_are_trusted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, shipped: bool
) -> None:
    """Guards against a context that trusts nobody: the live sites would then all be refused."""
    bundle = str(bench.site.certificate_bundle)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    if shipped:
        monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", bundle)
    else:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    client = HttpClient(allowed_hosts=frozenset({"localhost"}), user_agent="t", limits=LIMITS, allow_loopback=True)
    client.fetch(bench.site.script("/file.csv", reply(200, BODY)), bench.destination)
    bench.must_hold_only(BODY)


# -- N4 -----------------------------------------------------------------------------------------------------------------


def test_n4_a_byte_at_a_time_meets_the_minimum_throughput(bench: Bench) -> None:
    limits = replace(LIMITS, throughput_window_seconds=0.3, minimum_bytes_per_second=1000, attempts=1)
    started = time.monotonic()
    bench.refuse(SourceUnavailable, drip(BODY, 0.02), match="bytes a second, less than the minimum", limits=limits)
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("behaviour", [drip(BODY, 0.02), drip_head(0.02)], ids=["body", "header"])
def test_n4_a_byte_at_a_time_meets_the_total_deadline(bench: Bench, behaviour: Behaviour) -> None:
    limits = replace(LIMITS, total_seconds=0.5)
    started = time.monotonic()
    bench.refuse(SourceUnavailable, behaviour, match="total time of 0.5 s is over", limits=limits)
    assert time.monotonic() - started < 1.5


def test_n4_the_total_deadline_spans_all_attempts(bench: Bench) -> None:
    limits = replace(LIMITS, total_seconds=1, attempts=50, backoff_base_seconds=0, read_seconds=0.15)
    started = time.monotonic()
    bench.refuse(SourceUnavailable, say_nothing(1), match="did not answer in time|total time", limits=limits)
    assert time.monotonic() - started < 2
    assert len(bench.site.seen) < 10


def test_n4_a_silent_server_meets_the_total_deadline_before_the_read_deadline(bench: Bench) -> None:
    started = time.monotonic()
    limits = replace(LIMITS, total_seconds=0.3)
    bench.refuse(SourceUnavailable, say_nothing(2), match="total time of 0.3 s is over", limits=limits)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("hops", [0, 1], ids=["at once", "after a redirect"])
def test_n4_a_slow_start_alone_is_not_slow(bench: Bench, hops: int) -> None:
    def think_then_reply(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.7)
        reply(200, BODY)(handler)

    limits = replace(LIMITS, throughput_window_seconds=0.5, minimum_bytes_per_second=1_000_000, attempts=1)
    bench.fetch(*[redirect_to("/file.csv")] * hops, think_then_reply, limits=limits)
    bench.must_hold_only(BODY)


# -- N5 -----------------------------------------------------------------------------------------------------------------

CUT_BODIES = {
    "content length": cut_body(BODY, 5000),
    "content length, nothing sent": cut_body(BODY, 0),
    "chunks": send_chunks([BODY[:4000]], end=False),
    "inside a chunk": reply(200, b"1000\r\nabc", {"Transfer-Encoding": "chunked", "Content-Length": "x"}),
    "no length": send_without_length(BODY[:4000], goodbye=False),
}


@pytest.mark.parametrize("cut", CUT_BODIES.values(), ids=CUT_BODIES)
def test_n5_a_body_that_stays_cut_is_not_kept(bench: Bench, cut: Behaviour) -> None:
    bench.refuse(SourceUnavailable, cut, match=r"cut|ended before|broke")
    assert len(bench.site.seen) == LIMITS.attempts


@pytest.mark.parametrize("cut", CUT_BODIES.values(), ids=CUT_BODIES)
def test_n5_a_body_cut_once_is_fetched_whole_the_next_time(bench: Bench, cut: Behaviour) -> None:
    fetched = bench.fetch(cut, reply(200, BODY))
    assert fetched.sha256 == hashlib.sha256(BODY).hexdigest()
    bench.must_hold_only(BODY)


@pytest.mark.parametrize(
    "whole",
    [send_chunks([BODY[:99], BODY[99:]], end=True), send_without_length(BODY, goodbye=True)],
    ids=["chunks", "no length"],
)
def test_n5_a_whole_body_without_length_is_kept(bench: Bench, whole: Behaviour) -> None:
    assert bench.fetch(whole).size == len(BODY)
    bench.must_hold_only(BODY)


def test_n5_a_part_file_of_a_killed_run_is_written_over(bench: Bench) -> None:
    bench.destination.with_name("file.csv.part").write_bytes(b"x" * 200_000)
    bench.fetch(reply(200, BODY))
    bench.must_hold_only(BODY)


# -- N6 -----------------------------------------------------------------------------------------------------------------


def test_n6_a_login_page_in_place_of_the_file_is_refused_and_stays_as_evidence(bench: Bench) -> None:
    page = b"\xef\xbb\xbf\n<!DOCTYPE html><html><head><title>Sign in &amp; accept cookies</title></head></html>"
    fetched = bench.fetch(reply(200, page, {"Content-Type": "text/csv"}))
    with pytest.raises(HtmlInsteadOfData, match="titled 'Sign in & accept cookies'"):
        check_content(bench.destination, "csv")
    bench.must_hold_only(page)
    assert fetched.sha256 == hashlib.sha256(page).hexdigest()


# -- N10 ----------------------------------------------------------------------------------------------------------------


def test_n10_a_redirect_loop_ends_after_five_hops(bench: Bench) -> None:
    bench.refuse(Refused, redirect_to("/file.csv"), match="more than 5 redirects")
    assert len(bench.site.seen) == 6


@pytest.mark.parametrize(
    ("target", "rule"),
    [
        ("http://localhost/file.csv", "its scheme is http"),
        ("file:///etc/passwd", "its scheme is file"),
        ("ftp://localhost/file.csv", "its scheme is ftp"),
        ("https://elsewhere.example/file.csv", "elsewhere.example is not among the source's hosts"),
        ("//elsewhere.example/file.csv", "elsewhere.example is not among"),
        ("https://169.254.169.254/latest/meta-data/", "169.254.169.254 is not among"),
        ("https://user:hunter2@localhost/file.csv", "user name or password"),
        ("https://elsewhere.example\\@localhost/file.csv", "not among|user name|not an address"),
        ("https://localhost.elsewhere.example/", "not among"),
        ("https://[::1/file.csv", "not an address"),
        ("https://localhost:99999/file.csv", "not an address"),
    ],
)
def test_n10_a_redirect_to_where_it_must_not_lead_is_not_followed(bench: Bench, target: str, rule: str) -> None:
    error = bench.refuse(Refused, redirect_to(target), match=rule)
    assert bench.site.paths_seen() == ["/file.csv"]
    assert "hunter2" not in str(error)


@pytest.mark.parametrize("allowed", ["169.254.169.254", "10.0.0.1", "192.168.1.1", "[fe80::1]", "[fd00::1]", "0.0.0.0"])
def test_n10_a_private_address_is_refused_even_where_the_host_is_listed(bench: Bench, allowed: str) -> None:
    bench.site.script("/file.csv", redirect_to(f"https://{allowed}/x"))
    with pytest.raises(Refused, match="not a public address"):
        bench.client(hosts=("localhost", allowed)).fetch(bench.site.address("/file.csv"), bench.destination)


def test_n10_a_listed_name_that_resolves_to_this_machine_is_refused_before_it_is_asked(bench: Bench) -> None:
    client = HttpClient(
        allowed_hosts=frozenset({"localhost"}),
        user_agent="t",
        limits=LIMITS,
        certificate_bundle=bench.site.certificate_bundle,
    )
    with pytest.raises(Refused, match=r"port \d+ is not 443"):
        client.fetch(bench.site.address("/file.csv"), bench.destination)
    with pytest.raises(Refused, match=r"resolves to (127\.0\.0\.1|::1)"):
        client.fetch("https://localhost/file.csv", bench.destination)
    assert bench.site.seen == []


def test_n10_a_name_server_that_changes_its_answer_is_caught_at_the_socket(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first question is answered with a public address, the second, which connects, with this machine."""
    answers = iter(["93.184.215.14", "127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, *_, **__: _address_of(next(answers), bench.site.port))
    client = HttpClient(allowed_hosts=frozenset({"rebound.example"}), user_agent="t", limits=LIMITS)
    with pytest.raises(Refused, match=r"rebound.example resolves to 127\.0\.0\.1"):
        client.fetch("https://rebound.example/file.csv", bench.destination)
    assert bench.site.seen == []


@pytest.mark.parametrize(
    ("peer", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07::1", True),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("fe80::1%eth0", False),
        ("127.0.0.2", False),
    ],
)
def test_n10_public_addresses_are_told_from_private_ones(peer: str, public: bool) -> None:
    assert is_public(peer, allow_loopback=False) is public


def test_n10_the_body_of_a_redirect_is_not_read(bench: Bench) -> None:
    endless = send_endlessly(b"x" * 65536, {"Location": "/new.csv"}, status=302)
    bench.site.script("/new.csv", reply(200, BODY))
    bench.fetch(endless, limits=replace(LIMITS, total_seconds=3))
    bench.must_hold_only(BODY)


def test_n10_credentials_of_a_netrc_file_are_not_sent(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    bench.fetch(reply(200, BODY))
    assert "Authorization" not in bench.site.seen[0].headers


def test_n10_secrets_in_an_address_are_masked_in_errors_and_provenance(bench: Bench) -> None:
    path = "/file.csv?report=etr&X-Amz-Signature=hunter2"
    fetched = bench.client().fetch(bench.site.script(path, reply(200, BODY)), bench.destination)
    assert urllib.parse.urlsplit(fetched.address).query == "report=etr&X-Amz-Signature=***"
    with pytest.raises(SourceMoved) as caught:
        bench.client().fetch(bench.site.script(path, reply(404)), bench.destination)
    assert "hunter2" not in str(caught.value)
    assert "report=etr" in str(caught.value)


@pytest.mark.parametrize("status", [401, 403])
def test_n16_a_firewall_that_refuses_us_is_told_apart_and_not_pressed(bench: Bench, status: int) -> None:
    error = bench.refuse(Refused, reply(status), match=f"answered {status}")
    assert "HIW_USER_AGENT" in error.next_step
    assert len(bench.site.seen) == 1


def test_n18_a_proxy_of_the_environment_is_used_and_tls_still_verified_end_to_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    with TunnellingProxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.address)
        bench.fetch(reply(200, BODY))
        assert proxy.tunnels == [f"localhost:{bench.site.port}"]
        slow = replace(LIMITS, total_seconds=0.3, attempts=1)
        bench.refuse(SourceUnavailable, drip(BODY, 0.02), match="total time of 0.3 s", limits=slow)
        strangers = HttpClient(
            allowed_hosts=frozenset({"localhost"}), user_agent="t", limits=LIMITS, allow_loopback=True
        )
        with pytest.raises(Refused, match="certificate was not accepted"):
            strangers.fetch(bench.site.address("/file.csv"), bench.destination)
        assert len(proxy.tunnels) == 3


# -- N11 ----------------------------------------------------------------------------------------------------------------


def test_n11_a_declared_length_beyond_the_cap_is_refused_before_the_body(bench: Bench) -> None:
    bench.refuse(Refused, reply(200, b"", {"Content-Length": str(50 << 30)}), match="declares 53,687,091,200 bytes")
    assert len(bench.site.seen) == 1


@pytest.mark.parametrize(
    "head", [{"Connection": "close"}, {"Transfer-Encoding": "chunked"}], ids=["until the end", "chunked"]
)
def test_n11_an_endless_stream_is_refused_at_the_cap(bench: Bench, head: dict[str, str]) -> None:
    bench.refuse(Refused, send_endlessly(b"400\r\n" + b"x" * 1024 + b"\r\n", head), match="more than 100,000 bytes")


def test_n11_the_cap_of_the_source_overrides_that_of_the_client(bench: Bench) -> None:
    address = bench.site.script("/file.csv", reply(200, BODY))
    with pytest.raises(Refused, match="the cap is 100"):
        bench.client().fetch(address, bench.destination, maximum_bytes=100)
    bench.client(replace(LIMITS, maximum_bytes=1)).fetch(address, bench.destination, maximum_bytes=len(BODY))


def test_n11_a_file_that_the_disk_cannot_hold_is_refused_before_the_body(bench: Bench) -> None:
    limits = replace(LIMITS, maximum_bytes=1 << 62)
    bench.refuse(NoSpace, reply(200, b"", {"Content-Length": str(1 << 60)}), match="not enough room", limits=limits)


def test_n11_an_endless_page_is_refused_at_five_megabytes(bench: Bench) -> None:
    address = bench.site.script("/", send_endlessly(b"x" * 65536, {"Connection": "close"}))
    with pytest.raises(Refused, match="more than 5,000,000 bytes"):
        bench.client().read_page(address)


# -- N15 ----------------------------------------------------------------------------------------------------------------


def test_n15_a_body_encoded_unasked_is_decoded_and_hashed_as_the_file_itself(bench: Bench) -> None:
    fetched = bench.fetch(reply(200, gzip.compress(BODY), {"Content-Encoding": "gzip"}))
    assert (fetched.size, fetched.sha256) == (len(BODY), hashlib.sha256(BODY).hexdigest())
    bench.must_hold_only(BODY)


def test_n15_a_gzip_bomb_is_refused_at_the_cap_of_decoded_bytes(bench: Bench) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < LIMITS.maximum_bytes
    bench.refuse(Refused, reply(200, bomb, {"Content-Encoding": "gzip"}), match="more than 100,000 bytes")


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip", "compress"])
def test_n15_an_encoding_that_was_not_asked_for_and_is_unknown_is_refused(bench: Bench, encoding: str) -> None:
    bench.refuse(Refused, reply(200, BODY, {"Content-Encoding": encoding}), match="encoded as")


def test_n15_a_damaged_encoding_is_not_kept(bench: Bench) -> None:
    damaged = gzip.compress(BODY)[:40] + b"damage" + gzip.compress(BODY)[46:]
    bench.refuse(SourceUnavailable, reply(200, damaged, {"Content-Encoding": "gzip"}), match="damaged")


def test_n15_a_gzip_body_cut_at_its_source_is_not_kept(bench: Bench) -> None:
    """The transport is whole and the gzip inside it is not: a proxy compressed a file that it had only in part."""
    cut = gzip.compress(BODY)[:-20]
    bench.refuse(SourceUnavailable, reply(200, cut, {"Content-Encoding": "gzip"}), match="was cut")


def test_n15_junk_after_a_gzip_body_is_not_kept(bench: Bench) -> None:
    junk = gzip.compress(BODY) + b"junk"
    bench.refuse(SourceUnavailable, reply(200, junk, {"Content-Encoding": "gzip"}), match="something after its end")


def _address_of(address: str, port: int) -> list[tuple[object, ...]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]


def _resolving_everything_to(address: str) -> object:
    return lambda host, port, *_, **__: _address_of(address, int(port))
