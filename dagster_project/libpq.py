"""How a PostgreSQL server is named where others may read it: in words of libpq, never with a password."""

from __future__ import annotations

import re

KEYWORDS = frozenset(
    {*("service", "host", "hostaddr", "port", "dbname", "user", "passfile", "connect_timeout")}
    | {*("sslmode", "sslrootcert", "sslcert", "sslkey")}
)
"""The words that a command or a setting may hold: none is a secret, and none changes how a query is read."""
_WORD = re.compile(r"\s*(\w+)\s*=\s*(?:'(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)(?=\s|$)")
_SECRET = re.compile(r"password\s*=|//", re.I)


def may_hold_password(text: str) -> bool:
    """Say whether there is a password in it, or an address, which may hold one: anywhere, and however the server is spelled."""
    return bool(_SECRET.search(text))


def are_words(text: str) -> bool:
    """Say whether it is keyword=value throughout, at least once, and of no other keyword than KEYWORDS."""
    keywords = [word.lower() for word in _WORD.findall(text)]
    return bool(keywords) and not _WORD.sub("", text).strip() and KEYWORDS.issuperset(keywords)
