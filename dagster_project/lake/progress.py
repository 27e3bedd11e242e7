"""Progress bars for long work, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sized
from typing import TypeVar

Item = TypeVar("Item")
WORTH_SHOWING = 3


def show_progress(items: Iterable[Item], description: str) -> Iterable[Item]:
    """Return the items, with a bar while they are worked through; plain where nobody watches (logs, the daemon, tests)."""
    if not sys.stderr.isatty() or not isinstance(items, Sized) or len(items) < WORTH_SHOWING:
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, description=description, console=Console(stderr=True), transient=True)
