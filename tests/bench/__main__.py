"""Run every bench, print a table, write data_lake/bench/results.json."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from dagster_project.settings import load_settings
from tests.bench import analyst, disclosure, extract, growth, measures, mhsds, nights, report, returns


def main() -> None:
    """The nights and the measures."""
    folder = load_settings().data_lake / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {
        "machine": {"python": platform.python_version(), "duckdb": duckdb.__version__},
        "nights": nights.measure(folder / "work"),
    }
    table = Table("night", "night s", "floor s", "ratio", "night peak MB", "floor peak MB")
    for name, row in results["nights"].items():
        table.add_row(
            name,
            *(str(row[key]) for key in ("night_seconds", "floor_seconds", "ratio", "night_peak_mb", "floor_peak_mb")),
        )
    Console().print(table)
    results["mhsds month"] = row = mhsds.measure(folder / "mhsds")
    Console().print(
        f"a month of MHSDS: {row['night']['seconds']} s, floor {row['floor']['seconds']} s, ratio {row['ratio']} (aim {row['aim_ratio']}), "
        f"peak {row['night']['peak_mb']} MB (aim {row['aim_mb']} MB)"
    )
    results["report"] = report.measure(folder / "report", folder / "work" / "lake" / "published" / "marts.duckdb")
    row = results["report"]
    Console().print(f"report of {row['organisations']} organisations: {row['seconds']} s (aim {row['aim_seconds']} s)")
    results["analyst"] = {"full night": analyst.measure(folder / "work" / "lake" / "published" / "marts.duckdb")}
    analyst.print_table(results["analyst"])
    results["returns"] = returns.measure(folder / "returns")
    results["growth"] = growth.measure(folder / "growth")
    results["extract"] = extract.measure(folder / "extract")
    results["disclosure"] = disclosure.measure()
    Console().print(
        f"attack on {results['disclosure']['cells']:,} cells: {results['disclosure']['cpu_seconds']} s of processor time, "
        f"{results['disclosure']['next_night_cpu_seconds']} s in the next night, "
        f"{results['disclosure']['sets_withheld']} sets withheld, {results['disclosure']['too_narrow']} cells left too narrow"
    )
    results["measures"] = measures.measure(folder / "measures")
    _write(folder / "results.json", results)


def _write(path: Path, results: object) -> None:
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
