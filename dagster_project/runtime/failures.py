"""What went wrong, in one plain sentence each: what, where, why, and what to do next. Never a class of Python or a command line.

The terminal, `--json`, the alert and the webhook say the same sentences. Not here: what a run of Dagster (run_failures.py) and dbt
(dbt_failures.py) say.
"""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import duckdb
from pydantic import ValidationError

from dagster_project.lake.files import LakeError

Cause = TypeVar("Cause")
NEXT = ". Next: "
LONGEST = 2_000
"""Characters of a reason: the rest is in the log."""
LOG = "dagster/last_night.log of the data folder, or the run in the web pages"
CLASS_NAME = re.compile(
    r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Refused|NoSpace|Interrupt|Warning|Exit|Unreadable)\b:?\s*"
)
DUCKDB_KIND = re.compile(r"^(?:[A-Z][\w ]*? Error): ")
COMMAND_LINE = re.compile(r"The dbt CLI process with command\s+`.*?`\s+failed with exit code `?(\d+)`?\.?", re.DOTALL)


@dataclass(frozen=True)
class Problem:
    """One failure. `where` names the step or check, and file, sheet, row and column where they are known."""

    what: str
    where: str = ""
    why: str = ""
    next_step: str = ""

    @property
    def sentence(self) -> str:
        """Return the problem for people, on one line."""
        place = f"{self.where}: " if self.where else ""
        why = f": {self.why}" if self.why else ""
        next_step = f"{NEXT}{self.next_step.rstrip('.')}." if self.next_step else ""
        return f"{place}{self.what.rstrip('.')}{why.rstrip('.')}{next_step or '.'}"

    def as_dict(self) -> dict[str, str]:
        """Return the fields for --json, the alert and the webhook."""
        return asdict(self) | {"sentence": self.sentence}


def explain(error: BaseException) -> LakeError:
    """Return the error in the lake's form, from the first of its causes of which we know what to do."""
    chain = list(_causes(error))
    for one in reversed(chain):
        if isinstance(one, LakeError):
            return one
    for one in likeliest_first(chain, lambda one: type(one).__name__):
        known = _known(one)
        if known is not None:
            return known
    return _unknown(chain[-1])


def likeliest_first(chain: Sequence[Cause], name: Callable[[Cause], str]) -> list[Cause]:
    """Return the errors of a chain, outermost first, in the order in which they are likely the reason: the innermost first.

    `name` gives an error's class. An absent file comes last: a folder is looked for before it and its parents are made, so on
    a full disk the reason is the error that followed.
    """
    nearest = chain[::-1]
    return sorted(nearest, key=lambda one: name(one) == FileNotFoundError.__name__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _known(error: BaseException) -> LakeError | None:
    return next((tell(error) for kind, tell in KNOWN if isinstance(error, kind)), None)


def _of_a_setting(error: Any) -> LakeError:
    found = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
    return LakeError(f"a {error.title} is not as it must be", found, "fix the file that holds it")


def _of_the_disk(number: int, place: str) -> LakeError:
    where = f" ({place})" if place else ""
    if number in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return LakeError(
            f"a file could not be written{where}",
            f"the disk is full ({os.strerror(number)})",
            "free some space or set HIW_DATA_LAKE to a larger disk, then run again",
        )
    if number in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return LakeError(
            f"a file or folder may not be used{where}",
            os.strerror(number),
            "run the command as the user who owns the data folder, or set HIW_DATA_LAKE to a folder that you may write",
        )
    return LakeError(
        f"a file or folder could not be used{where}", os.strerror(number), "look at the disk, then run again"
    )


def _of_duckdb(kind: str, text: str) -> LakeError:
    said = plain(text.strip().split("\n")[0])  # hints and the statement follow
    if "OutOfMemory" in kind or ("memory limit" in said and "parse" in said.lower()):
        return _of_memory(said)
    if any(words in said for words in ("No space left", "File too large", "Disk quota")):
        return LakeError(
            "a database could not be written", f"the disk is full ({said})", "free some space, then run again"
        )
    if "lock" in said and kind == "IOException":
        return LakeError("a database is in use", said, "wait for the process that holds it, or end it, then try again")
    if "Permission denied" in said or "Read-only" in said:
        return LakeError("a database may not be opened", said, "run the command as the user who owns the data folder")
    if kind in {
        "IOException",
        "SerializationException",
        "FatalException",
        "InternalException",
        "InvalidInputException",
    }:
        return LakeError(
            "a database cannot be read", said, "`hiw doctor` says which; `hiw rollback` or `hiw refresh` makes it good"
        )
    return LakeError("a query could not be run", said, "fix what it names; the published file is as it was")


def _of_memory(why: str) -> LakeError:
    return LakeError(
        "the work does not fit into the memory that it may use",
        why,
        "set HIW_MEMORY_LIMIT (such as 2GB) higher, or HIW_THREADS lower",
    )


def _of_records(text: str) -> LakeError:
    if "readonly" in text or "unable to open" in text:
        return LakeError(
            "Dagster's records may not be opened", text, "run the command as the user who owns the data folder"
        )
    if "full" in text:
        return LakeError(
            "Dagster's records could not be written", f"the disk is full ({text})", "free some space, then run again"
        )
    return LakeError(
        "Dagster's records are damaged",
        text,
        "stop the daemon and the webserver, move dagster/history and dagster/schedules of the data folder away, and start them "
        "again: the records are history only, and no figure is lost",
    )


def _unknown(error: BaseException) -> LakeError:
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "the program"
    return LakeError(
        f"the program met a fault that it does not know ({place})",
        plain(str(error)) or "nothing more was said",
        f"look at {LOG}; what is published is as it was",
    )


def plain(text: str) -> str:
    """Return one line without the name of a class, a command line or the kind of an error of DuckDB."""
    told = COMMAND_LINE.sub("dbt failed", text.strip())
    told = " ".join(told.split())
    before = None
    while told != before:
        before, told = told, DUCKDB_KIND.sub("", CLASS_NAME.sub("", told))
    return told[:LONGEST]


KNOWN: tuple[tuple[type[BaseException], Callable[[Any], LakeError | None]], ...] = (
    (OSError, lambda error: None if error.errno is None else _of_the_disk(error.errno, str(error.filename or ""))),
    (duckdb.Error, lambda error: _of_duckdb(type(error).__name__, str(error))),
    (sqlite3.DatabaseError, lambda error: _of_records(str(error))),
    (MemoryError, lambda _: _of_memory("the machine gave no more memory")),
    (ValidationError, _of_a_setting),
    (
        KeyboardInterrupt,
        lambda _: LakeError("the work was stopped", "somebody ended it from the keyboard", "run it again"),
    ),
)


def explain_by_name(name: str, raw: str) -> LakeError | None:
    """Explain as `explain` an error of which only the name and the words were kept; None where we do not know what to do."""
    text = plain(raw)
    number = re.search(r"\[Errno (\d+)\]", text)
    if number:
        place = re.search(r"'([^']+)'", text)
        return _of_the_disk(int(number[1]), place[1] if place else "")
    if raw.startswith(("sqlite3.", "sqlalchemy.exc.")):
        return _of_records(text)
    if isinstance(getattr(duckdb, name, None), type) and issubclass(getattr(duckdb, name), duckdb.Error):
        return _of_duckdb(name, raw)
    if name == "DagsterExecutionInterruptedError":  # has no words of its own
        return LakeError(
            "the run was stopped", "its process was told to end while the step worked", "start it again: `hiw refresh`"
        )
    return _of_memory(text) if name == "MemoryError" else None


def told(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return problems for JSON."""
    return [problem.as_dict() for problem in problems]
