"""The one error of `hiw extract`: what, why and what next, without anything of a record."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from dagster_project.lake.files import LakeError

LINE = re.compile(r"(?:Line|line):? ([0-9]+)")


class Refused(LakeError):
    """No return is made, or no profile: the words name files, lines, elements and rules."""


@contextmanager
def silent(what: str, next_step: str = "look at the file and at what the mapping says of it") -> Iterator[None]:
    """Tell what goes wrong inside by its kind and line alone: the messages of a reader quote the row that they stumble on."""
    try:
        yield
    except LakeError:
        raise
    except duckdb.OutOfMemoryException:
        raise Refused(
            what, "the work does not fit into the memory that it may use", "set HIW_MEMORY_LIMIT higher"
        ) from None
    except duckdb.Error as error:
        line = LINE.search(str(error))
        kind = type(error).__name__.removesuffix("Exception")
        raise Refused(
            what, f"DuckDB's answer is of the kind {kind}{f', in line {line[1]}' if line else ''}", next_step
        ) from None
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}, line {frame.lineno}"
        raise Refused(what, f"{type(error).__name__} in {place}", next_step) from None
