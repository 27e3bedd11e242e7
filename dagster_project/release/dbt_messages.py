"""What dbt says of a node, as far as it may leave the private folder build/.

DuckDB quotes the cell that it cannot cast, so what dbt says of a table made of returns may hold a cell of one. Of such a node only its
name, the kind of the error and the place of the whole message pass; of every other node the message passes as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dagster_project.release.dbt_artifacts import is_private

PLACE = "build/dbt (withheld.log, run_results.json)"
KINDS = (
    *(
        "Runtime",
        "Compilation",
        "Database",
        "Contract",
        "Parsing",
        "Internal",
        "INTERNAL",
        "Binder",
        "Catalog",
        "Constraint",
    ),
    *(
        "Conversion",
        "Dependency",
        "FATAL",
        "Invalid Input",
        "Invalid Type",
        "Interrupt",
        "IO",
        "Mismatch Type",
        "Not implemented",
    ),
    *(
        "Out of Memory",
        "Out of Range",
        "Parser",
        "Permission",
        "Serialization",
        "Syntax",
        "Transaction",
        "TransactionContext",
    ),
)
"""Errors of dbt and of DuckDB by the words with which a line of a message begins: only these words are copied."""
KIND = re.compile(rf"^\s*({'|'.join(KINDS)}) Error(?=:| in )", re.MULTILINE)
COUNT_OF_ROWS = re.compile(r"\s*Got \d+ results?, configured to (fail|warn) if [!<>=]+ ?\d+\s*")
"""How dbt reports a data test that found rows."""


def tell(message: str, unique_id: str, nodes: Mapping[str, Any]) -> str:
    """Return the message where it may leave build/; else what of it may. `nodes` are those of the manifest; "" names no node."""
    if COUNT_OF_ROWS.fullmatch(message) or not is_private(unique_id, nodes):
        return message
    kinds = ", ".join(dict.fromkeys(f"{kind} Error" for kind in KIND.findall(message)))
    name = nodes.get(unique_id, {}).get("name") or "dbt"
    return f"{name}: {kinds or 'a message'}; withheld, the whole message is in {PLACE}"
