"""The project's own tables made by part against the same tables made whole, night after night of a generated history of the sample.

Months of RTT and returns go, come back and are revised in any order; every table of the warehouse is compared. The same of a small
project, for 200 histories: tests/integration/transform/test_materializations.py. Long: `make endurance`.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import duckdb
import pytest

from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.settings import Settings
from dagster_project.transform.dbt import prepare_manifest, run_dbt
from tests.rebuilding import differences
from tests.warehouses import Warehouse

pytestmark = pytest.mark.endurance
NIGHTS = 8
BUILD = ("build", "--resource-type", "seed", "--resource-type", "model")


class Past:
    """A copy of the sample's data folder whose inputs change."""

    def __init__(self, lake: Lake, dice: random.Random) -> None:
        self.lake, self.dice = lake, dice
        self.run = Run.of(Settings(data_lake=lake.root, sources="sample"))
        self.away = lake.root / "away"
        prepare_manifest(self.run)

    @classmethod
    def of(cls, warehouse: Warehouse, root: Path, seed: int) -> Past:
        """Copy what dbt reads."""
        for folder in ("clean", "returns"):
            shutil.copytree(warehouse.lake / folder, root / folder, symlinks=True)
        lake = Lake(root)
        lake.temporary.mkdir(parents=True)
        return cls(lake, random.Random(seed))

    def change(self) -> list[str]:
        """Take three files away, put three of before back, and revise a month of RTT."""
        links = sorted(self.lake.current("nhse_rtt", "full_extract", "synthetic").glob("20*.parquet"))
        returns = sorted((self.lake.returns / "clean").glob("[wo][lp]01/[WO]*.parquet"))
        gone = [self.dice.choice(links), *self.dice.sample(returns, 2)] if len(links) > 1 else []
        back = self.dice.sample(there := sorted(self.away.rglob("*.parquet")), min(3, len(there)))
        for path in gone:
            self._move(path, self.away / path.relative_to(self.lake.root))
        for path in back:
            self._move(path, self.lake.root / path.relative_to(self.away))
        return [path.name for path in (*gone, *back)] + [self._revise()]

    def _move(self, path: Path, to: Path) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        path.rename(to)

    def _revise(self) -> str:
        link = self.dice.choice(sorted(self.lake.current("nhse_rtt", "full_extract", "synthetic").glob("20*.parquet")))
        vintage = link.resolve().with_name(f"revised-{self.dice.randrange(2)}.parquet")
        if not vintage.exists():
            snapshot = f"{vintage.stem} {link.stem}"
            changed = "weeks_003 + 1 as weeks_003, ? as snapshot_sha256"
            with duckdb.connect() as con:
                con.sql(
                    f"select * replace ({changed}) from read_parquet(?)", params=[snapshot, str(link)]
                ).write_parquet(str(vintage))
        link.unlink()
        link.symlink_to(vintage)
        return vintage.name

    def build(self, warehouse: str, keep: str) -> Path:
        """Build a warehouse of this lake; gives its file."""
        done = run_dbt(self.run, *BUILD, HIW_WAREHOUSE=warehouse, HIW_KEEP_PARTS=keep)
        assert done.returncode == 0, done.stdout[-3000:]
        return self.lake.build / warehouse


def test_every_table_is_the_same_by_part_and_whole_after_every_night_of_a_history(
    sample_warehouse: Warehouse, tmp_path: Path, seed: int
) -> None:
    past = Past.of(sample_warehouse, tmp_path / "lake", seed)
    past.build("by_part.duckdb", "no")
    for night in range(NIGHTS):
        changed = past.change()
        different = differences(past.build("by_part.duckdb", "yes"), past.build("whole.duckdb", "no"))
        assert different == [], f"night {night} of seed {seed}: {changed}"
