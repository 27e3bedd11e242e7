"""File 7 of the Indices of Deprivation to one row an LSOA; ranks and deciles are proved against each other."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob

OWN_COLUMNS = {
    "lsoa_2011": "lsoa_code as lsoa_code_2011, lsoa_name as lsoa_name_2011",
    "lsoa_2021": "lsoa_code as lsoa_code_2021, lsoa_name as lsoa_name_2021, imd_score",
}


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_csv()
    _prove_ranks(job)
    _prove_deciles(job)
    return f"""
        select
            {OWN_COLUMNS[job.entity.name]},
            district_code,
            district_name,
            imd_rank,
            imd_decile,
            income_decile,
            employment_decile,
            health_decile
        from typed
    """


def _prove_ranks(job: ParseJob) -> None:
    """Ranks run from 1 to the number of LSOAs; equal ones leave a gap (26 pairs in 2019), so a missing row shows."""
    job.require_none(
        "select lsoa_code, imd_rank, counted from (select lsoa_code, imd_rank, rank() over (order by imd_rank) as counted from typed) "
        "where imd_rank <> counted order by counted",
        "ranks do not run from 1 to the number of LSOAs; rows are missing or doubled (LSOA, rank, rank by counting)",
        "look whether the publisher cut the file, or whether it is another edition",
    )


def _prove_deciles(job: ParseJob) -> None:
    """Decile d holds ranks from (d - 1) to d tenths of the LSOAs; either neighbour is right where a tenth falls between two."""
    job.require_none(
        "with places as (select lsoa_code, imd_rank, imd_decile, imd_rank * 10.0 / count(*) over () as tenth, "
        "10.0 / count(*) over () as step from typed) "
        "select lsoa_code, imd_rank, imd_decile from places "
        "where tenth <= imd_decile - 1 - step or tenth >= imd_decile + step order by imd_rank",
        "a decile that does not fit its rank, where decile 1 must hold the most deprived (LSOA, rank, decile)",
        "look whether the publisher turned the order of the deciles",
    )
    for domain in ("income_decile", "employment_decile", "health_decile"):
        job.require_none(
            f"select lsoa_code, {domain} from typed where {domain} not between 1 and 10",
            f"{domain} is not 1 to 10 (LSOA, decile)",
            "compare the headings of the file with source.yml",
        )
