"""The seeds of the measures through dbt itself: every digit of the files arrives in DuckDB."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import duckdb
import pytest
import yaml

from tests.fixtures.measures_project.rendering import PROJECT, REPOSITORY, run_dbt

SEEDS = ("normal_quantiles", "poisson_exact_limits", "standard_population_2013")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database into which dbt has built the three seeds, their data tests included."""
    project = tmp_path_factory.mktemp("seeds")
    (project / "seeds").mkdir()
    for name in (*(f"{seed}.csv" for seed in SEEDS), "_seeds.yml"):
        shutil.copy(REPOSITORY / "dbt" / "seeds" / name, project / "seeds" / name)
    settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    settings |= {"macro-paths": ["macros"], "analysis-paths": ["analyses"]}
    (project / "dbt_project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    profile = yaml.safe_load((PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    profile["measures_project"]["outputs"]["test"]["path"] = str(project / "seeds.duckdb")
    (project / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    run_dbt(["build"], project, project / "target")
    return project / "seeds.duckdb"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_arrives_to_the_last_digit(seed: str, seeded: Path) -> None:
    with (REPOSITORY / "dbt" / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    with duckdb.connect(str(seeded), read_only=True) as connection:
        types = {name: kind for name, kind, *_ in connection.execute(f"describe {seed}").fetchall()}
        got = connection.execute(f"select * from {seed}").fetchall()
    assert list(types) == header
    read = {"DOUBLE": float, "INTEGER": int, "VARCHAR": str}
    wanted = [
        tuple(read[types[name]](value) if value else None for name, value in zip(header, row, strict=True))
        for row in rows
    ]
    assert sorted(got, key=str) == sorted(wanted, key=str)
