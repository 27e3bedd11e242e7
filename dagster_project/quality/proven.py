"""Blocks of an attack whose hidden counts were all seen to have enough values: the next attack does not solve them again.

A block is known by the hash of everything that its answer hangs on: bounds of its cells, equations between them with the settled cells on
the right side, which cells are attacked, how many values they must keep, the code of the attack and the libraries that solve. A month of
returns that nobody revised is such a block in every release after its first. Only what was proved stays: a block with a count
that is too narrow, or that the attack left undecided, is solved each time. Only hashes are kept, in the private folder build/.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

from dagster_project.lake.files import write_atomically

CODE = ("attacker.py", "solving.py", "parts.py", "exchanges.py", "proven.py")
LIBRARIES = ("numpy", "scipy")
HEX_DIGITS = 32
PRIVATE = 0o600


@cache
def made_by() -> bytes:
    """Return the hash of the code and the libraries that solve a block."""
    digest = hashlib.sha256()
    for name in CODE:
        digest.update((Path(__file__).parent / name).read_bytes())
    digest.update(" ".join(version(name) for name in LIBRARIES).encode())
    return digest.digest()


@dataclass
class Proven:
    """The blocks that were proved, by their marks, and those that an attack asked for or proved."""

    known: frozenset[str] = frozenset()
    used: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, path: Path) -> Proven:
        """Return what an earlier attack left; nothing where there is no file, or one that is no list of marks."""
        try:
            lines = path.read_text(encoding="ascii").split()
        except (OSError, ValueError):
            return cls()
        return cls(frozenset(line for line in lines if len(line) == HEX_DIGITS))

    def has(self, mark: str) -> bool:
        """Say whether a block was proved before; it then stays."""
        if mark in self.known:
            self.used.add(mark)
        return mark in self.known

    def add(self, marks: Iterable[str]) -> None:
        """Take in blocks that were proved now."""
        self.used.update(marks)

    def write(self, path: Path) -> None:
        """Keep what this attack asked for or proved; blocks of no release of today go. Raises OSError.

        An attack that could not be made asked for none: what was proved before it stays.
        """
        if self.used and self.used != self.known:
            write_atomically(path, "\n".join(sorted(self.used)).encode(), PRIVATE)
