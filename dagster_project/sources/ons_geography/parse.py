"""ONS look-ups to one row an LSOA (to its commissioner), and one row a pair of LSOAs (2011 to 2021)."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the look-up."""
    job.read_csv()
    if job.entity.name == "lsoa_2011_to_2021":
        _prove_changes(job)
        return "select * from typed"
    _prove_nesting(job)
    return f"""
        select
            * exclude (lsoa_code, lsoa_name),
            lsoa_code as lsoa_code_2021,
            lsoa_name as lsoa_name_2021,
            date '{job.period_start.year}-04-01' as boundaries_as_of
        from typed
    """


def _prove_nesting(job: ParseJob) -> None:
    """A sub-ICB location lies in one ICB, and a code stands for one ONS code and one name."""
    for inner, outer in (
        ("sub_icb_code", "icb_code"),
        ("sub_icb_code", "sub_icb_gss_code || ' ' || sub_icb_name"),
        ("icb_code", "icb_gss_code || ' ' || icb_name"),
    ):
        job.require_none(
            f"select {inner}, string_agg(distinct {outer}, ' | ' order by {outer}) from typed "
            f"group by 1 having count(distinct {outer}) > 1 order by 1",
            f"one {inner} with two values of {outer} (code, values)",
            "look whether the file mixes two years of boundaries",
        )


def _prove_changes(job: ParseJob) -> None:
    """The change code says what the pairs show: 31,810 U, 1,842 S, 194 M and 9 X in England."""
    job.require_none(
        """
        with counted as (
            select
                *,
                count(*) over (partition by lsoa_code_2011) as parts,
                count(*) over (partition by lsoa_code_2021) as origins
            from typed
        )
        select lsoa_code_2011, change_code, lsoa_code_2021
        from counted
        where case change_code
            when 'U' then lsoa_code_2011 <> lsoa_code_2021 or parts > 1 or origins > 1
            when 'S' then parts < 2 or origins > 1
            when 'M' then parts > 1 or origins < 2
            else false
        end
        order by 1, 3
        """,
        "a change code that does not fit its pairs (LSOA 2011, code, LSOA 2021)",
        "look whether rows of the look-up are missing",
    )
