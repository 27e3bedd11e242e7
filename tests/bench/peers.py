"""What a script without memory takes for two figures of all months that are kept: pandas, polars and bare DuckDB, equal answers.

Of RTT: people who wait, and over 52 weeks, by provider, treatment function and month. Of the returns: pathways by trust, month, ethnic
category and wait band. Each engine reads the clean Parquet of the data folder in a process of its own. pandas and polars are no part of
the project's environment with what they need to read Parquet; they are installed into one of their own, once for all steps. Where that
cannot be done the bench says "not here".
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from dagster_project.lake.paths import Lake
from tests.bench.watch import run_watched

NAMES = ("duckdb", "polars", "pandas")
PACKAGES = ("polars==2.1.0", "pandas==3.1.1", "pyarrow==26.0.1")
SCRIPT = """
import glob, json, sys, time
way, rtt, wl01 = sys.argv[1:4]
long = [f"weeks_{week:03d}" for week in range(52, 105)]
keys, groups = ["period_start", "provider_code", "treatment_function_code"], ["org_code", "census_date", "ethnic_category", "wait_band"]
start = time.perf_counter()
if way == "duckdb":
    import duckdb
    con = duckdb.connect(config={"threads": 2, "memory_limit": "1GB"})
    one = con.execute(f"select {', '.join(keys)}, sum(total_all), sum({' + '.join(long)}) from read_parquet('{rtt}') "
        "where rtt_part_type = 'Part_2' group by all").fetchall()
    two = con.execute(f"select {', '.join(groups)}, coalesce(sum(pathway_count), 0) from read_parquet('{wl01}') "
        "where rtt_part = '2' and treatment_function_code = 'ALL' and grouping_set = 'G1' group by all").fetchall()
    said = [len(one), int(sum(r[3] for r in one)), int(sum(r[4] for r in one)), len(two), int(sum(r[4] for r in two))]
elif way == "polars":
    import polars as pl
    one = (pl.scan_parquet(rtt).filter(pl.col("rtt_part_type") == "Part_2").group_by(keys)
        .agg(pl.col("total_all").sum(), pl.sum_horizontal(*long).sum().alias("long")).collect(engine="streaming"))
    two = (pl.scan_parquet(wl01).filter((pl.col("rtt_part") == "2") & (pl.col("treatment_function_code") == "ALL") & (pl.col("grouping_set") == "G1"))
        .group_by(groups).agg(pl.col("pathway_count").sum()).collect(engine="streaming"))
    said = [one.height, int(one["total_all"].sum()), int(one["long"].sum()), two.height, int(two["pathway_count"].sum())]
else:
    import pandas as pd
    def read(pattern, columns):
        return (pd.read_parquet(path, columns=columns) for path in sorted(glob.glob(pattern)))
    parts = []
    for month in read(rtt, [*keys, "rtt_part_type", "total_all", *long]):
        month = month[month["rtt_part_type"] == "Part_2"]
        parts.append(month[[*keys, "total_all"]].assign(long=month[long].sum(axis=1)).groupby(keys, as_index=False).sum())
    one = pd.concat(parts).groupby(keys, as_index=False).sum()
    parts = []
    for sent in read(wl01, [*groups, "rtt_part", "treatment_function_code", "grouping_set", "pathway_count"]):
        sent = sent[(sent["rtt_part"] == "2") & (sent["treatment_function_code"] == "ALL") & (sent["grouping_set"] == "G1")]
        parts.append(sent.groupby(groups, as_index=False)["pathway_count"].sum())
    two = pd.concat([part for part in parts if len(part)]).groupby(groups, as_index=False).sum()
    said = [len(one), int(one["total_all"].sum()), int(one["long"].sum()), len(two), int(two["pathway_count"].sum())]
# on a line of its own: DuckDB draws a bar of its progress before it
print()
print(json.dumps([time.perf_counter() - start, said]))
"""


def measure(lake: Lake, environment: Path) -> dict[str, Any]:
    """Seconds and peak memory of each engine; raises RuntimeError where two answers differ."""
    python = _environment(environment)
    rtt = lake.current("nhse_rtt", "full_extract", "synthetic") / "2*.parquet"
    found, answers = {}, set()
    for name in NAMES:
        interpreter = sys.executable if name == "duckdb" else python
        if interpreter is None:
            continue
        command = [
            str(interpreter),
            "-c",
            SCRIPT,
            name,
            str(rtt),
            str(lake.returns / "clean" / "wl01" / "WL01*.parquet"),
        ]
        watched = run_watched(command, dict(os.environ))
        seconds, said = json.loads(watched.output.splitlines()[-1])
        answers.add(json.dumps(said))
        used = {"seconds": round(seconds, 1), "cpu_seconds": round(watched.cpu_seconds, 1)}
        found[name] = used | {"peak_mb": round(watched.peak_mb)}
    if len(answers) != 1:
        raise RuntimeError(f"the engines give other figures: {answers}")
    return found


def _environment(folder: Path) -> Path | None:
    """The Python of an environment with the peers; None where they cannot be installed."""
    python, ready = folder / "bin" / "python", folder / "ready"
    if ready.exists():
        return python
    venv.create(folder, with_pip=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    if subprocess.run([*pip, *PACKAGES], check=False, capture_output=True).returncode:
        return None
    ready.touch()
    return python
