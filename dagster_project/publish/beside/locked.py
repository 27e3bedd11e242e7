"""Read requirements.in and requirements.lock: the hashes that an installation is checked against, and what a nightly run needs.

In requirements.in everything above the line `# -- Development` is needed to run; so is what the lock says came with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from dagster_project.settings import PROJECT_ROOT

DEVELOPMENT = "# -- Development"


@dataclass(frozen=True)
class Locked:
    """A distribution of the lock: the sha256 of each of its wheels, and what brought it."""

    hashes: tuple[str, ...]
    brought_by: frozenset[str]


def normalised(name: str) -> str:
    """Give the name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def read_lock() -> Mapping[str, Locked]:
    """Give every distribution of requirements.lock by its normalised name."""
    text = (PROJECT_ROOT / "requirements.lock").read_text(encoding="utf-8")
    found = {}
    for block in re.split(r"\n(?=\S)", text):
        name, _, _ = block.partition("==")
        _, _, via = block.partition("# via")
        parents = frozenset(part.strip() for part in via.replace("#", "\n").split("\n") if part.strip())
        found[normalised(name)] = Locked(tuple(re.findall(r"sha256:([0-9a-f]{64})", block)), parents)
    return found


@cache
def needed_to_run() -> frozenset[str]:
    """Give the normalised names of what a nightly run needs, with all that these bring."""
    text = (PROJECT_ROOT / "requirements.in").read_text(encoding="utf-8").partition(DEVELOPMENT)[0]
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    needed = {normalised(re.split(r"[=\[<>~! ]", line)[0]) for line in lines}
    while True:
        brought = {
            name
            for name, one in read_lock().items()
            if any(normalised(by.split("[")[0]) in needed for by in one.brought_by)
        }
        if brought <= needed:
            return frozenset(needed)
        needed |= brought
