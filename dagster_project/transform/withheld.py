"""Guard dbt's output: every line that may hold a cell of a return goes into withheld.log of the private folder build/.

What is left of it (release/dbt_messages.py) goes on to Dagster's log and events, the log of the last nightly run and the screen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

from dagster_dbt import DbtCliInvocation

from dagster_project.release.dbt_messages import tell
from dagster_project.returns.area import FILE_MODE

LOG = "withheld.log"
MADE_OF_NAMES = frozenset(
    ("LogStartLine", "LogModelResult", "LogTestResult", "LogSeedResult", "LogNodeNoOpResult", "SkippingDetails")
) | {"RunResultFailure", "RunResultWarning", "SQLCompiledPath"}
"""Lines of dbt that hold the name of a node, its status and its time, and nothing of a table."""


def guard(invocation: DbtCliInvocation) -> DbtCliInvocation:
    """Return the same run, before anything of it is read: nobody hears a cell of a return from its output."""
    process, nodes = invocation.process, invocation.manifest["nodes"]
    assert process.stdout is not None  # noqa: S101 - dagster-dbt starts dbt with a pipe
    process.stdout = cast(IO[bytes], _Told(process.stdout, nodes, invocation.target_path))
    return invocation


@dataclass
class _Told:
    """The pipe from dbt as its reader uses it: lines of bytes, each as it may be said."""

    pipe: IO[bytes]
    nodes: Mapping[str, Any]
    target: Path

    @property
    def closed(self) -> bool:
        return self.pipe.closed

    def close(self) -> None:
        self.pipe.close()

    def __enter__(self) -> _Told:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pipe.close()

    def __iter__(self) -> Iterator[bytes]:
        for line in self.pipe:
            yield self._told_line(line)

    def _told_line(self, raw: bytes) -> bytes:
        text = raw.decode("utf-8", "replace").strip()
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict) or "info" not in line:
            return self._told(text, "").encode()
        message = self._message(line)
        if message == line["info"]["msg"]:
            return raw
        return json.dumps(line | {"info": line["info"] | {"msg": message}}).encode()

    def _message(self, line: dict[str, Any]) -> str:
        message, name, level = (str(line["info"][part]) for part in ("msg", "name", "level"))
        node = (line.get("data", {}).get("node_info") or {}).get("unique_id") or ""
        says_nothing = name in MADE_OF_NAMES if node else level == "info" and name != "JinjaLogInfo"
        return message if says_nothing else self._told(message, node)

    def _told(self, message: str, node: str) -> str:
        told = tell(message, node, self.nodes)
        if told != message:
            self._keep(message)
        return told

    def _keep(self, message: str) -> None:
        self.target.mkdir(parents=True, exist_ok=True)
        log = self.target / LOG
        log.touch(FILE_MODE)
        with log.open("a", encoding="utf-8") as lines:
            lines.write(message + "\n")
