#!/usr/bin/env bash
# DuckDB 1.5.5 as it comes from PyPI takes `set temp_file_encryption = true` without a word, shows it as set, and runs every query that fits into
# memory. The first query that must spill to disk ends with an error: the cryptography that is built in can only read, the one that writes is in
# the extension httpfs, which a machine without network cannot install. Whoever switches it on so that no patient's row is on disk in the clear
# finds out on the first large file, not when the setting is made. What helps: try one spill when the program starts, or leave spilling off
# (max_temp_directory_size = '0 bytes') where rows must not be on disk.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: duckdb==1.5.5 2>/dev/null
"$folder/venv/bin/python" - "$folder/spill" <<'PY'
import sys

import duckdb

offline = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
ROWS = "create temp table t as select i, md5(i::varchar) as h from range({}) as r(i) order by h"


def outcome(rows: int, *, encrypted: bool) -> str:
    """How the same sort ends for so many rows."""
    con = duckdb.connect(config={**offline, "memory_limit": "60MB", "temp_directory": sys.argv[1], "threads": 2})
    con.execute("set temp_file_encryption = ?", [encrypted])
    assert con.execute("select current_setting('temp_file_encryption')").fetchone() == (encrypted,)
    try:
        con.execute(ROWS.format(rows))
    except duckdb.Error as error:
        return f"{type(error).__name__}: {str(error)[:58]}"
    finally:
        con.close()
    return "made"


print("duckdb", duckdb.__version__)
plain = outcome(3_000_000, encrypted=False)
small, large = outcome(1_000, encrypted=True), outcome(3_000_000, encrypted=True)
print("  3,000,000 rows, spilling, not encrypted:", plain)
print("  1,000 rows, encrypted:", small)
print("  3,000,000 rows, encrypted:", large)
assert (plain, small) == ("made", "made")
assert "read-only crypto module" in large
PY
