"""dbt's output as dagster-dbt reads it: every line that may hold a cell of a return goes into withheld.log of the private folder build/.

What is left of it (release/dbt_messages.py) goes on to Dagster's log and events, the log of the last night and the screen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliInvocation

from dagster_project.release.dbt_messages import tell
from dagster_project.returns.area import FILE_MODE

LOG = "withheld.log"
MADE_OF_NAMES = frozenset(
    ("LogStartLine", "LogModelResult", "LogTestResult", "LogSeedResult", "LogNodeNoOpResult", "SkippingDetails")
) | {"RunResultFailure", "RunResultWarning", "SQLCompiledPath"}
"""Lines of dbt that hold the name of a node, its status and its time, and nothing of a table."""


class GuardedInvocation(DbtCliInvocation):
    """A run of dbt of which nobody hears a cell of a return."""

    @classmethod
    def of(cls, invocation: DbtCliInvocation, context: dg.AssetExecutionContext | None) -> GuardedInvocation:
        """The same run, before anything of it is read, for the step that reads it, if one does."""
        parts = {field.name: getattr(invocation, field.name) for field in fields(invocation) if field.init}
        return cls(**parts | {"context": context})

    def _stream_stdout(self) -> Iterator[str | dict[str, Any]]:
        for line in super()._stream_stdout():
            if isinstance(line, str):
                yield self._told(line, "")
                continue
            info = line["info"]
            info["msg"] = self._message(line)
            if info["level"] == "error":
                self._error_messages[-1] = info["msg"]
            yield line

    def _message(self, line: dict[str, Any]) -> str:
        message, name, level = (str(line["info"][part]) for part in ("msg", "name", "level"))
        node = (line.get("data", {}).get("node_info") or {}).get("unique_id") or ""
        says_nothing = name in MADE_OF_NAMES if node else level == "info" and name != "JinjaLogInfo"
        return message if says_nothing else self._told(message, node)

    def _told(self, message: str, node: str) -> str:
        told = tell(message, node, self.manifest["nodes"])
        if told != message:
            self._keep(message)
        return told

    def _keep(self, message: str) -> None:
        self.target_path.mkdir(parents=True, exist_ok=True)
        log = self.target_path / LOG
        log.touch(FILE_MODE)
        with log.open("a", encoding="utf-8") as lines:
            lines.write(message + "\n")
