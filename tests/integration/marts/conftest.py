"""The marts are judged where analysts find them: in the published file of a night over the real files."""

from tests.end_to_end.conftest import mirror_warehouse

__all__ = ["mirror_warehouse"]
