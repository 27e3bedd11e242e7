#!/usr/bin/env bash
# dbt-core 1.11 (Python): a unit test puts its given rows into the compiled SQL of the model as CTEs, and for that hands the whole text to sqlparse, which
# groups every token in Python; each blank of an indentation is a token of its own. A model whose macros unfold to 150 KB (limits and tail probabilities
# without functions of the engine, as a project that also runs on Spark needs) takes seconds for a unit test of three rows, while the engine takes a
# fraction; the model itself, in a run, is never parsed so. More than half of the time of such a test is sqlparse. What helps: unit tests at seams
# before the wide final select, or the arithmetic in an intermediate model of its own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dbt-core==1.11.16 dbt-duckdb==1.11.1 sqlparse==0.6.1 2>/dev/null
mkdir -p "$folder/p/models"
cd "$folder/p"
printf 'name: p\nprofile: p\n' > dbt_project.yml
printf 'p:\n  target: d\n  outputs:\n    d: {type: duckdb, path: p.duckdb, threads: 1}\n' > profiles.yml
printf 'select 1 as n\n' > models/given.sql
cat > models/wide.sql <<'SQL'
select
{%- for i in range(700) %}
    case
                    when n = {{ i }}
                    then
                        round(exp(-0.5 * power((n - {{ i }}) / 3e0, 2)) / (sqrt(2 * 3.14159) * 3e0), 9)
                    else
                        coalesce(nullif(n, 0), {{ i }})
                end as c{{ i }},
{%- endfor %}
    n
from {{ ref('given') }}
SQL
cat > models/_tests.yml <<'YML'
unit_tests:
  - name: three_rows
    model: wide
    given: [{input: ref('given'), rows: [{n: 1}, {n: 2}, {n: 3}]}]
    expect: {rows: [{n: 1}, {n: 2}, {n: 3}]}
YML
cat > run.py <<'PY'
import cProfile
import os
import pstats
from importlib.metadata import version

from dbt.cli.main import dbtRunner
from dbt.task.test import TestRunner

os.environ.update(DBT_SEND_ANONYMOUS_USAGE_STATS="false", DO_NOT_TRACK="1")
assert dbtRunner().invoke(["--quiet", "run"]).success
profile, execute = cProfile.Profile(), TestRunner.execute


def profiled(self, *arguments, **named):
    profile.enable()
    try:
        return execute(self, *arguments, **named)
    finally:
        profile.disable()


TestRunner.execute = profiled
assert dbtRunner().invoke(["--quiet", "test"]).success
stats = pstats.Stats(profile)
of_parser = sum(own for (file, _, _), (_, _, own, _, _) in stats.stats.items() if f"{os.sep}sqlparse{os.sep}" in file)
size = os.path.getsize("target/compiled/p/models/wide.sql")
share = of_parser / stats.total_tt
print("dbt-core", version("dbt-core"), "sqlparse", version("sqlparse"))
print(f"  a model of {size / 1000:.0f} KB, a unit test of three rows: {100 * share:.0f} % of its time in the own code of sqlparse")
assert share > 0.4, share
PY
"$folder/venv/bin/python" run.py
