"""The connection under the HTTP client: never to a private address, never slower or longer than allowed, TLS verified.

What is asked and answered over it belongs to http.py.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable
from typing import Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool


class ForbiddenPeer(Exception):
    """A name leads to this machine or into a private network."""


class OutOfTime(TimeoutError):
    """The total time of the request is over."""


class TooSlow(Exception):
    """A whole window passed below the minimum throughput."""


class Pace:
    """Deadline and throughput of one request, checked with every read from its socket, headers included.

    A read timeout alone never fires against a server that sends one byte a second.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        total_seconds: float,
        read_seconds: float,
        window_seconds: float,
        minimum_bytes_per_second: float,
    ) -> None:
        self._clock = clock
        self._total_seconds = total_seconds
        self._deadline = clock() + total_seconds
        self._read_seconds = read_seconds
        self._window_seconds = window_seconds
        self._minimum_bytes_per_second = minimum_bytes_per_second
        self.begin_window()

    def begin_window(self) -> None:
        """Measure throughput again, from the next byte on: the time before it is the server's to think."""
        self._window_started: float | None = None
        self._window_bytes = 0

    def remaining(self) -> float:
        """Return seconds left of the total time, negative when it is over."""
        return self._deadline - self._clock()

    def read_timeout(self) -> float:
        """Return seconds that the next read may take; raises OutOfTime when none are left."""
        remaining = self.remaining()
        if remaining <= 0:
            raise OutOfTime(f"the total time of {self._total_seconds:g} s is over")
        return min(self._read_seconds, remaining)

    def note(self, count: int) -> None:
        """Record bytes received; raises TooSlow where a whole window passed below the minimum throughput."""
        now = self._clock()
        if self._window_started is None:
            self._window_started = now
        self._window_bytes += count
        elapsed = now - self._window_started
        if elapsed < self._window_seconds:
            return
        rate = self._window_bytes / elapsed
        if rate < self._minimum_bytes_per_second:
            minimum = self._minimum_bytes_per_second
            raise TooSlow(f"it sent {rate:,.0f} bytes a second, less than the minimum of {minimum:,.0f}")
        self.begin_window()


class PacedContext(ssl.SSLContext):
    """Verifies certificates and host names (the defaults of PROTOCOL_TLS_CLIENT); its sockets keep the pace."""

    pace: Pace

    @classmethod
    def paced_by(cls, pace: Pace) -> PacedContext:
        """Return a context for one request; requests loads the certificate bundle into it."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.sslsocket_class = _PacedSocket
        context.pace = pace
        return context

    def wrap_socket(self, sock: socket.socket, *arguments: Any, **options: Any) -> ssl.SSLSocket:
        """As its base, but an end of stream without TLS's own goodbye is an error: a body without length may be cut."""
        self.pace.begin_window()
        return super().wrap_socket(sock, *arguments, **options | {"suppress_ragged_eofs": False})


class _PacedSocket(ssl.SSLSocket):
    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        context = self.context
        assert isinstance(context, PacedContext)  # noqa: S101 - only PacedContext makes these sockets
        self.settimeout(context.pace.read_timeout())
        try:
            count = super().recv_into(buffer, nbytes, flags)
        except TimeoutError:
            context.pace.read_timeout()  # says so where it was the total time that ran out
            raise
        context.pace.note(count)
        return count


class _GuardedConnection(HTTPSConnection):
    """Refuses to connect to this machine and to private networks, whatever the name resolves to, then or now."""

    allow_loopback: ClassVar[bool] = False

    def _new_conn(self) -> socket.socket:
        for *_, answer in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
            self._check_peer(str(answer[0]))
        connected = super()._new_conn()
        try:
            # Asked again of the socket: between two questions a hostile name server may change its answer.
            self._check_peer(str(connected.getpeername()[0]))
        except BaseException:
            connected.close()
            raise
        return connected

    def _check_peer(self, peer: str) -> None:
        if not is_public(peer, allow_loopback=self.allow_loopback):
            raise ForbiddenPeer(f"{self.host} resolves to {peer}, which is not a public address")


class _LoopbackConnection(_GuardedConnection):
    allow_loopback = True


class _GuardedPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedConnection


class _LoopbackPool(HTTPSConnectionPool):
    ConnectionCls = _LoopbackConnection


class GuardedAdapter(HTTPAdapter):
    """Hands the paced context to direct and proxied connections alike; a proxy resolves names by its own rules."""

    def __init__(self, context: PacedContext, *, allow_loopback: bool) -> None:
        self._context = context
        self._pool = _LoopbackPool if allow_loopback else _GuardedPool
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Pools of guarded connections, for https alone."""
        super().init_poolmanager(*arguments, **options, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = {"https": self._pool}

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the way through a proxy of the environment, with the same context."""
        return super().proxy_manager_for(proxy, **options, ssl_context=self._context)


def is_public(peer: str, *, allow_loopback: bool) -> bool:
    """Say whether an IP address may be spoken to: a public unicast one, or this machine where a test allows it."""
    address = ipaddress.ip_address(peer.partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    return (address.is_global and not address.is_multicast) or (allow_loopback and address.is_loopback)
