"""Guard Dagster's pages against other web sites: known host names only, no command by GET, no request from another origin.

Dagster has no login, no check of the origin, and executes a GraphQL mutation that comes by GET. A page that an engineer opens in
another tab could therefore start runs. This layer answers before Dagster does.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OPERATION_PARAMETERS = ("query", "variables", "operationName")
FRAME_ANCESTORS = "frame-ancestors 'none'"
HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


def guard(hosts: Sequence[str]) -> list[Middleware]:
    """Give the layers that stand before Dagster's pages, outermost first; `hosts` are names besides this machine's own."""
    allowed = [*LOOPBACK_NAMES, *hosts]
    return [
        Middleware(SafeHeaders),
        Middleware(TrustedHostMiddleware, allowed_hosts=allowed, www_redirect=False),
        Middleware(SameOriginOnly),
    ]


class SafeHeaders:
    """Forbid framing, guessing of content types and reading from other sites, in every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the headers of its answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                policy = headers.get("Content-Security-Policy", "").strip().rstrip(";")
                headers["Content-Security-Policy"] = f"{policy}; {FRAME_ANCESTORS}" if policy else FRAME_ANCESTORS
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class SameOriginOnly:
    """Refuse what another site sent, and GraphQL by GET.

    Browsers send Origin with every POST and WebSocket, and Sec-Fetch-Site with every request. A link that somebody follows
    (a navigation by GET) comes from another site too; it shows a page and changes nothing, so it is let through.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 or 405 with the reason, or pass the request on."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        refusal = _refusal(scope)
        if refusal is None:
            return await self.app(scope, receive, send)
        status, reason = refusal
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008, "reason": reason})
        return await PlainTextResponse(f"{reason}\n", status_code=status)(scope, receive, send)


def _refusal(scope: Scope) -> tuple[int, str] | None:
    headers = Headers(scope=scope)
    method = scope.get("method", "WEBSOCKET")
    if _comes_from_another_site(headers) and not _follows_a_link(headers, method):
        return 403, "This request comes from another web site. Open the warehouse's own pages."
    parameters = QueryParams(scope.get("query_string", b""))
    if method in SAFE_METHODS and any(name in parameters for name in OPERATION_PARAMETERS):
        return 405, "Send GraphQL by POST. A GET must not change anything."
    if method == "POST" and scope["path"].rstrip("/").endswith("/graphql") and not _is_json(headers):
        return 415, "Send GraphQL as application/json."
    return None


def _comes_from_another_site(headers: Headers) -> bool:
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        return True
    return headers.get("sec-fetch-site") in ("cross-site", "same-site")


def _follows_a_link(headers: Headers, method: str) -> bool:
    return (
        method == "GET" and headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    )


def _is_json(headers: Headers) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
