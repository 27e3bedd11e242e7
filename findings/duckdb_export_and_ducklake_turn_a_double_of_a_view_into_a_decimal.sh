#!/usr/bin/env bash
# DuckDB 1.5.5 prints the DOUBLE literal 1e0 as 1.0, which it reads as a DECIMAL. Whatever keeps a view or a macro as its text computes with another type
# from then on, without a word: EXPORT DATABASE with IMPORT DATABASE, and every view in DuckLake (here with a catalogue in a file; in PostgreSQL it is the
# same). round(n * 2.85e-1) of 100 is 28 in the view as it was written and 29 as it is kept; a sum or a limit of confidence differs in its last digits.
# A DuckDB file itself and COPY FROM DATABASE keep the type. What helps: cast('2.85e-1' as double), which is printed as a cast, or tables for views.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: duckdb==1.5.5 duckdb-extension-ducklake==1.5.5 2>/dev/null
"$folder/venv/bin/python" - "$folder" <<'PY'
import importlib.util
import sys

import duckdb

folder = sys.argv[1]
extension = importlib.util.find_spec("duckdb_extension_ducklake").submodule_search_locations[0]
con = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
con.load_extension(f"{extension}/extensions/v{duckdb.__version__}/ducklake.duckdb_extension")
VIEW = "select round(n * 2.85e-1) as rounded, typeof(1e0) as kind from (values (100)) as t(n)"


def answer(place: str) -> tuple:
    """What the view says there."""
    return con.execute(f"select * from {place}").fetchone()


con.execute(f"attach '{folder}/origin.duckdb' as origin; create view origin.v as {VIEW}")
con.execute("detach origin")
con.execute(f"attach '{folder}/origin.duckdb' as origin; use origin")
con.execute("create macro half(n) as n * 5e-1")
con.execute("attach ':memory:' as copied; copy from database origin to copied")
con.execute(f"export database '{folder}/exported'")
con.execute("attach ':memory:' as imported; use imported")
con.execute(f"import database '{folder}/exported'")
con.execute(f"attach 'ducklake:{folder}/catalogue.ducklake' as lake (data_path '{folder}/data/'); create view lake.v as {VIEW}")

print("duckdb", duckdb.__version__)
found = {place: answer(f"{place}.v") for place in ("origin", "copied", "imported", "lake")}
for place, (rounded, kind) in found.items():
    print(f"  {place:9} round(100 * 2.85e-1) = {rounded:.0f}, 1e0 is a {kind}")
macros = {place: con.execute(f"select typeof({place}.half(1))").fetchone()[0] for place in ("origin", "copied", "imported")}
print("  typeof(1 * 5e-1) in a macro:", macros)
assert found["origin"] == found["copied"] == (28, "DOUBLE")
assert found["imported"] == found["lake"] == (29, "DECIMAL(2,1)")
assert macros == {"origin": "DOUBLE", "copied": "DOUBLE", "imported": "DECIMAL(12,1)"}
PY
