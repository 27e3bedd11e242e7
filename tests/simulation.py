"""Releases in which no group differs: counts drawn at real sizes, rounded as their publisher does, through the project's own SQL.

Two hundred trusts wait as the trusts of 29 June 2025 did: their lists, their shares of tenths and ethnic categories, and how they
differ from each other are drawn from that day's; within a trust every group waits alike. The models from fct_indicator_value on are
run as dbt compiled them, over the planted counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from dagster_project.duck import quote_literal
from dagster_project.release.contents import qualified
from tests.rebuilding import Models

PLANTED = "int_waiting_list_wlmds_indicator_value"
TRUSTS = 200
LISTS = (1100, 15700, 26800, 32500, 36700, 46000, 52900, 61200, 73600, 85600, 188700)
"""Tenths of the trusts by pathways on the list."""
WITHIN = (0.51, 0.56, 0.60, 0.65, 0.73)
OVER = (0.001, 0.012, 0.025, 0.035, 0.052)
"""Shares within 18 and over 52 weeks of trusts at 5%, 25%, 50%, 75% and 95%."""
PLACES = (0.05, 0.25, 0.5, 0.75, 0.95)
TENTHS = {
    "1": (0.106, 1.56), "2": (0.107, 0.78), "3": (0.106, 0.51), "4": (0.104, 0.37), "5": (0.102, 0.31),
    "6": (0.101, 0.35), "7": (0.098, 0.35), "8": (0.097, 0.43), "9": (0.094, 0.53), "10": (0.085, 1.08),
}  # fmt: skip
CATEGORIES = {
    "A": (0.693, 0.2), "B": (0.006, 0.85), "C": (0.062, 1.0), "D": (0.004, 0.96), "E": (0.002, 0.83), "F": (0.003, 0.76),
    "G": (0.008, 0.87), "H": (0.028, 1.3), "J": (0.025, 1.67), "K": (0.010, 1.43), "L": (0.022, 1.17), "M": (0.012, 1.52),
    "N": (0.021, 1.25), "P": (0.010, 1.17), "R": (0.004, 0.86), "S": (0.012, 1.03), "Z": (0.042, 0.5), "99": (0.035, 0.5),
}  # fmt: skip
"""Share of the whole and standard deviation of its logarithm between trusts."""


@dataclass(frozen=True)
class Release:
    """The planted figures, and the true shares of each trust and indicator."""

    figures: pd.DataFrame
    truth: pd.DataFrame


def draw(generator: np.random.Generator, trusts: int = TRUSTS) -> Release:
    """One release: 1 to 7 hidden, everything else rounded to 5, a fifth the sum of two tenths."""
    sizes = np.interp(generator.uniform(size=trusts), np.linspace(0, 1, len(LISTS)), LISTS)
    within = np.interp(generator.uniform(0.05, 0.95, trusts), PLACES, WITHIN)
    over = np.interp(generator.uniform(0.05, 0.95, trusts), PLACES, OVER)
    codes = np.array([f"S{number:04d}" for number in range(trusts)])
    frames = [
        _figures(generator, codes, sizes, (within, over), groups, dimension)
        for dimension, groups in (("imd_decile", TENTHS), ("ethnic_group", CATEGORIES))
    ]
    truth = pd.DataFrame(
        {
            "organisation_code": np.tile(codes, 2),
            "indicator_id": np.repeat(["wlmds_within_18_weeks", "wlmds_over_52_weeks"], trusts),
            "true_share": np.concatenate([within, over]),
        }
    )
    return Release(pd.concat(frames, ignore_index=True), truth)


def _figures(
    generator: np.random.Generator,
    codes: np.ndarray,
    sizes: np.ndarray,
    shares: tuple[np.ndarray, np.ndarray],
    groups: dict[str, tuple[float, float]],
    dimension: str,
) -> pd.DataFrame:
    middle, spread = np.array(list(groups.values())).T
    weights = middle * np.exp(spread * generator.standard_normal((len(codes), len(groups))))
    people = generator.poisson(sizes[:, None] * weights / weights.sum(1, keepdims=True))
    within, over = (share[:, None] for share in shares)
    early = generator.binomial(people, within)
    late = generator.binomial(people - early, over / (1 - within))
    frames = []
    for indicator, events in (("wlmds_within_18_weeks", early), ("wlmds_over_52_weeks", late)):
        cells = _published(codes, list(groups), events, people)
        frames.append(cells.assign(indicator_id=indicator, dimension=dimension))
        if dimension == "imd_decile":
            frames.append(_fifths(cells).assign(indicator_id=indicator, dimension="imd_quintile"))
    return pd.concat(frames, ignore_index=True)


def _published(codes: np.ndarray, groups: list[str], events: np.ndarray, people: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"organisation_code": np.repeat(codes, len(groups)), "group_code": np.tile(groups, len(codes))}
    )
    for name, counts in (("numerator", events.ravel()), ("denominator", people.ravel())):
        hidden = (counts >= 1) & (counts <= 7)
        rounded = 5.0 * ((counts + 2) // 5)
        frame[name] = np.where(hidden, np.nan, rounded)
        frame[f"{name}_low"] = np.where(hidden, 1, rounded)
        frame[f"{name}_high"] = np.where(hidden, 7, rounded)
    return frame


def _fifths(tenths: pd.DataFrame) -> pd.DataFrame:
    counts = [c for c in tenths.columns if c.startswith(("numerator", "denominator"))]
    frame = tenths.assign(group_code=((tenths.group_code.astype(int) + 1) // 2).astype(str))
    return frame.groupby(["organisation_code", "group_code"], as_index=False)[counts].agg(
        lambda part: part.sum(skipna=False)
    )


def _columns(models: Models) -> dict[tuple[str, str], str]:
    """Columns and types of every table and view of a built warehouse, as in a CREATE TABLE."""
    with duckdb.connect(str(models.lake.warehouse), read_only=True) as con:
        con.execute("set file_search_path = ?", [str(models.lake.build)])
        names = con.execute("select table_schema, table_name from information_schema.tables").fetchall()
        return {
            (schema, name): ", ".join(
                f"{qualified(row[0])} {row[1]}" for row in con.execute(f"describe {qualified(schema, name)}").fetchall()
            )
            for schema, name in names
        }


class Simulated:
    """A warehouse with the seeds and dimensions of a built one, whose models run over planted counts."""

    def __init__(self, models: Models, folder: Path) -> None:
        self.models = models
        self.con = duckdb.connect(str(folder / models.lake.warehouse.name))
        self.con.execute("set file_search_path = ?", [str(models.lake.build)])
        columns = _columns(models)
        self.con.execute(f"attach {quote_literal(str(models.lake.warehouse))} as before (read_only)")
        for (schema, name), described in columns.items():
            kept = schema == "seeds" or name.startswith("dim_")
            table = qualified(schema, name)
            self.con.execute(f"create schema if not exists {qualified(schema)}")
            self.con.execute(f"create table {table} ({described})")
            if kept:
                self.con.execute(f"insert into {table} from {qualified('before', schema, name)}")
        self.con.execute("detach before")

    def plant(self, release: Release) -> None:
        """The counts of a release, in place of those before."""
        columns = release.figures  # noqa: F841 - read by DuckDB
        table = qualified("intermediate", PLANTED)
        self.con.execute(f"delete from {table}")
        self.con.execute(
            f"""
            insert into {table} by name
            select
                organisation_code, 'trust' as organisation_level, indicator_id, 'all' as treatment_function_code,
                date '2025-06-29' as period_start, date '2025-06-29' as period_end, 'snapshot' as period_type, dimension, group_code,
                'current' as geography_basis, numerator, denominator,
                case when numerator is null then numerator_low end as numerator_low,
                case when numerator is null then numerator_high end as numerator_high,
                case when numerator is null or denominator is null then 'suppressed' else 'published' end as value_status,
                0 as organisations_missing, 'nhse_wlmds' as source_id
            from (select * replace (nullif(numerator, 'nan'::double) as numerator, nullif(denominator, 'nan'::double) as denominator)
                from columns)
            """
        )

    def build(self, names: Iterable[str]) -> None:
        """Fill the tables of these models, in this order."""
        for name in names:
            full = next(known for known in self.models.names if known.endswith(f".{name}"))
            self.con.execute(f"create or replace table {self.table(name)} as {self.models.query(full)}")

    def table(self, name: str) -> str:
        """The quoted name of a model's table."""
        full = next(known for known in self.models.names if known.endswith(f".{name}"))
        return qualified(self.models.manifest["nodes"][full]["schema"], name)

    def fill(self, name: str, rows: pd.DataFrame) -> None:
        """These rows in place of those of a model's table; columns that are not given are NULL."""
        self.con.register("filling", rows)
        self.con.execute(f"delete from {self.table(name)}")
        self.con.execute(f"insert into {self.table(name)} by name from filling")

    def frame(self, sql: str, **tables: pd.DataFrame) -> pd.DataFrame:
        """The rows of a query, which may name the tables that are given."""
        for name, table in tables.items():
            self.con.register(name, table)
        return self.con.execute(sql).df()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self.con.execute(sql).fetchall()


FIVES = {"WHITE": 0.79, "MIXED": 0.015, "ASIAN": 0.1, "BLACK": 0.05, "OTHER": 0.045}
FIFTHS = (0.22, 0.205, 0.2, 0.195, 0.18)
PEOPLE_SERVED = {"HOMELESS": 600, "HOUSED": 250_000}
OF_A_PERSON = {"HOMELESS": 2.0, "HOUSED": 1.2}


def draw_returns(generator: np.random.Generator, trusts: int = TRUSTS) -> pd.DataFrame:
    """Cells of returns as int_returns__rate_level has them: groups of a trust that wait and miss appointments alike, true counts."""
    sizes = np.interp(generator.uniform(size=trusts), np.linspace(0, 1, len(LISTS)), LISTS)
    crossed = np.outer(list(FIVES.values()), FIFTHS)
    frames = []
    for metric, low, high in (("WL_LE18_PCT", 0.5, 0.75), ("OP_DNA_PCT", 0.05, 0.12)):
        shares = generator.uniform(low, high, trusts)
        people = generator.poisson(sizes[:, None, None] * crossed)
        events = generator.binomial(people, shares[:, None, None])
        for dimension, counts in (
            ("ETHNIC5_IMD_QUINTILE", (events, people)),
            ("IMD_QUINTILE", (events.sum(1, keepdims=True), people.sum(1, keepdims=True))),
        ):
            groups = list(FIVES) if dimension.startswith("ETHNIC5") else ["fifth"]
            cells = pd.MultiIndex.from_product([range(trusts), groups, list("12345")]).to_frame(index=False)
            cells.columns = pd.Index(["trust", "group", "imd_quintile"])
            is_fifth = dimension == "IMD_QUINTILE"
            frames.append(
                pd.DataFrame(
                    {
                        "geo_code": [f"S{trust:04d}" for trust in cells.trust],
                        "metric_id": metric,
                        "collection_code": metric[:2] + "01",
                        "dim_type": dimension,
                        "dim_value": cells.imd_quintile if is_fifth else cells.group,
                        "imd_quintile": None if is_fifth else cells.imd_quintile,
                        "numerator_count": counts[0].ravel(),
                        "denominator_count": counts[1].ravel(),
                        "true_share": shares[cells.trust],
                    }
                )
            )
    return pd.concat(frames, ignore_index=True).assign(
        geo_level="TRUST",
        period_start=pd.Timestamp("2026-10-01"),
        period_end=pd.Timestamp("2026-10-31"),
        is_numerator_unsure=False,
        is_denominator_unsure=False,
        is_expected=True,
        is_safe=False,
        is_revised=False,
        data_origin="synthetic",
    )


def draw_attendances(generator: np.random.Generator, trusts: int = TRUSTS) -> pd.DataFrame:
    """Counts of a quarter as int_returns__inclusion has them: homeless and housed people attend as often, but in bursts of their own.

    People of each month come by chance, and each of them comes once more with the same chance again and again.
    """
    rows = []
    for trust in range(trusts):
        rate = generator.uniform(0.05, 0.15)
        for group, served in PEOPLE_SERVED.items():
            people = generator.poisson(served * rate / OF_A_PERSON[group])
            attendances = people + generator.negative_binomial(people, 1 / OF_A_PERSON[group]) if people else 0
            counts = {"AE_ATTENDANCES": attendances, "AE_PERSONS": people, "POP_DENOMINATOR": served}
            rows += [(f"S{trust:04d}", group, measure, count, count) for measure, count in counts.items()]
    frame = pd.DataFrame(rows, columns=["org_code", "accommodation_group", "measure_code", "count_low", "count_high"])
    return frame.assign(
        submission_id=frame.org_code,
        identification_method="CODED_STATUS",
        period_start=pd.Timestamp("2026-07-01"),
        period_end=pd.Timestamp("2026-09-30"),
        data_origin="synthetic",
    )


OPTIONS = 300
TRUSTS_ANSWERING = 130


def draw_survey(generator: np.random.Generator, options: int = OPTIONS) -> pd.DataFrame:
    """Answers of two waves as int_returns__survey_answer has them: a trust chooses an option with the same chance in either."""
    shares = generator.uniform(0.1, 0.9, options)
    cells = pd.MultiIndex.from_product([range(options), range(TRUSTS_ANSWERING), ("2025", "2026")]).to_frame(
        index=False
    )
    cells.columns = pd.Index(["option", "trust", "wave"])
    return pd.DataFrame(
        {
            "question_code": "Q" + cells.option.astype(str),
            "option_code": "YES",
            "org_code": "S" + cells.trust.astype(str),
            "wave": cells.wave,
            "selected": generator.uniform(size=len(cells)) < shares[cells.option],
            "true_share": shares[cells.option],
            "value_status": "published",
            "minimum_base": 10,
            "respondents": 1,
        }
    )


def draw_workforce(generator: np.random.Generator, trusts: int = TRUSTS) -> pd.DataFrame:
    """Rows of WRES returns: of both groups of staff as many are appointed, disciplined, trained or have harassment; true counts."""
    rows = []
    for trust in range(trusts):
        for indicator, low, high in ((2, 0.05, 0.3), (3, 0.005, 0.03), (4, 0.3, 0.8), (5, 0.1, 0.4), (8, 0.03, 0.15)):
            share = generator.uniform(low, high)
            for group, people in (("WHITE", generator.integers(800, 9000)), ("BME", generator.integers(200, 3000))):
                rows.append((f"S{trust:04d}", indicator, group, generator.binomial(people, share), people, share))
    columns = ["submission_id", "wres_indicator", "ethnic_group", "numerator", "denominator", "true_share"]
    return pd.DataFrame(rows, columns=columns).assign(
        snapshot_date=pd.Timestamp("2026-03-31"),
        staff_scope="ALL",
        numerator_status="published",
        denominator_status="published",
    )


def draw_recording(generator: np.random.Generator, trusts: int = TRUSTS) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pathways by ethnic category and by age as int_waiting_list_wlmds_grid has them, and the true shares of each trust.

    Of each pathway it is chance whether its ethnicity was not stated or is not known, and whether its age stands in the file.
    """
    sizes = np.interp(generator.uniform(size=trusts), np.linspace(0, 1, len(LISTS)), LISTS)
    rows, truth = [], []
    for trust, size in enumerate(sizes):
        code, whole = f"S{trust:04d}", int(size)
        silent, unknown, left_out = generator.uniform((0.002, 0.002, 0.0001), (0.1, 0.2, 0.01))
        known = np.array([share for name, (share, _) in CATEGORIES.items() if name not in ("Z", "99")])
        shares = [*(known / known.sum() * (1 - silent - unknown)), silent, unknown]
        counts = {
            "ethnicity": zip(CATEGORIES, generator.multinomial(whole, shares), strict=True),
            "age": zip(
                ("0-18", "19-64", "65+"),
                generator.multinomial(generator.binomial(whole, 1 - left_out), (0.1, 0.5, 0.4)),
                strict=True,
            ),
        }
        rows += [(code, metric, name, count) for metric, cells in counts.items() for name, count in cells]
        of_measures = {"known_share": 1 - silent - unknown, "valid_share": 1 - unknown, "not_stated_share": silent}
        of_measures |= {"not_known_share": unknown, "left_out_share": left_out}
        truth += [(code, measure, share) for measure, share in of_measures.items()]
    grid = pd.DataFrame(rows, columns=["organisation_code", "metric", "category_code", "pathways"])
    hidden = grid.pathways.between(1, 7)
    grid["pathways"] = (5 * ((grid.pathways + 2) // 5)).mask(hidden).astype("Int64")
    return grid.assign(
        entity="geography",
        organisation_level="trust",
        sector="NHS ACUTE",
        waiting_band="total",
        period_end=pd.Timestamp("2025-06-29"),
    ), pd.DataFrame(truth, columns=["organisation_code", "measure", "true_share"])
