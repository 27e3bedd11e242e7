#!/usr/bin/env bash
# DuckDB 1.5.5: a process that was killed leaves changes in the write-ahead log beside its database (x.duckdb.wal). If a new, finished database is then moved
# to that name, as a nightly release does, the next connection replays the old log into the new file, without a word: rows that were never in it
# appear, rows of it are changed by the place where they lie, and tables come back. A read-only connection shows the same mixture; one that may write
# stores it. Nothing ties the log to the file that it was written for. What helps: remove `NAME.wal` before a database is moved to NAME, and never
# write to the published file in place.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: duckdb==1.5.5 2>/dev/null
cd "$folder"
venv/bin/python - <<'PY' || true
import os
import signal

import duckdb

con = duckdb.connect("marts.duckdb")
con.execute("create table figures as select 'old release' as release, 10 as waiting")
con.execute("checkpoint")
con.execute("update figures set waiting = 11")
con.execute("insert into figures values ('old release', 99)")
con.execute("create table forgotten as select 1 as x")
os.kill(os.getpid(), signal.SIGKILL)
PY
venv/bin/python - <<'PY'
import os

import duckdb

print("duckdb", duckdb.__version__)
print("  after the kill:", sorted(name for name in os.listdir() if name.startswith("marts")))
with duckdb.connect("new.duckdb") as con:
    con.execute("create table figures as select 'new release' as release, 20 as waiting")
os.replace("new.duckdb", "marts.duckdb")
MIXED = [("new release", 11), ("old release", 99)]
for read_only in (True, False):
    with duckdb.connect("marts.duckdb", read_only=read_only) as con:
        rows, tables = con.sql("from figures order by waiting").fetchall(), con.sql("show tables").fetchall()
    print(f"  read_only={read_only}:", rows, [name for (name,) in tables])
    assert rows == MIXED and ("forgotten",) in tables
assert not os.path.exists("marts.duckdb.wal")
with duckdb.connect("marts.duckdb", read_only=True) as con:
    assert con.sql("from figures order by waiting").fetchall() == MIXED
print("  and so it stays: the log has been written into the new file")
PY
