"""Physical health checks: one row a quarter and organisation, a column for each question."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob

QUESTIONS = {
    "register": "SMIRegister",
    "all_six_checks": "All6PHC",
    "alcohol": "Alcohol",
    "blood_glucose": "BloodGlucose",
    "blood_lipid": "BloodLipid",
    "blood_pressure": "BloodPressure",
    "bmi_weight": "BMIWeight",
    "smoking": "Smoking",
}
BROKEN = "look whether the file holds two editions of the same rows, or was cut"
QUARTER_START = """
    make_date(
        cast(substr(period, case substr(period, 6, 1) when '4' then 13 else 8 end, 4) as integer),
        case substr(period, 6, 1) when '1' then 4 when '2' then 7 when '3' then 10 else 1 end,
        1
    )"""


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_csv()
    return _select_sdcs(job) if job.entity.name == "sdcs" else _select_phsmi(job)


def _select_sdcs(job: ParseJob) -> str:
    job.require_none(
        "select distinct period from typed "
        "where cast(substr(period, 13, 4) as integer) <> cast(substr(period, 8, 4) as integer) + 1",
        "a period whose two years are no financial year",
        BROKEN,
    )
    job.require_none(
        "select period, organisation_code, count(*) from typed group by all "
        f"having count(*) <> {len(QUESTIONS)} or count(distinct question) <> {len(QUESTIONS)} "
        f"or count(answer) not in (0, {len(QUESTIONS)})",
        "a commissioner that does not answer each question once, or all or none of them (period, code, answers)",
        BROKEN,
    )
    columns = ", ".join(f"max(answer) filter (where question = '{q}') as {name}" for name, q in QUESTIONS.items())
    job.connection.execute(
        f"create temp table answers as select period, organisation_code, {columns} from typed group by all"
    )
    job.require_none(
        f"select period, organisation_code, register, greatest({', '.join(QUESTIONS)}) from answers "
        f"where greatest({', '.join(QUESTIONS)}) > register",
        "more people were checked than are on the register (period, code, register, checked)",
        "ask the publisher; the file stays at its last good vintage",
    )
    return f"""
        select
            {QUARTER_START} as period_start,
            organisation_code,
            {", ".join(f"case when register > 0 then {name} end as {name}" for name in QUESTIONS)},
            case when register > 0 then 'published' else 'missing' end as answer_status
        from answers
    """


def _select_phsmi(job: ParseJob) -> str:
    end = "coalesce(try_strptime(reported_end, '%d/%m/%Y')::date, try_strptime(reported_end, '%Y-%m-%d')::date)"
    job.require_none(
        f"select distinct reported_end from typed where {end} is null or {end} not between date '{job.period_start}' and date '{job.period_end}'",
        f"it is listed as {job.snapshot.period} but ACH_DATE holds",
        "look whether the publisher linked the wrong file; the snapshot is kept",
    )
    job.require_none(
        "select reported_level, organisation_code, measure, count(*) from typed group by all having count(*) > 1 order by all",
        "a figure that stands more than once (ORG_TYPE, ORG_CODE, MEASURE, times)",
        BROKEN,
    )
    return f"""
        select
            date_trunc('quarter', {end})::date as period_start,
            case reported_level when 'National' then 'england' when 'ICB' then 'icb' else 'sub_icb' end as organisation_level,
            case reported_level when 'National' then 'ENG' else organisation_code end as organisation_code,
            max(value) filter (where measure = 'SMIRegister') as register,
            max(value) filter (where measure = 'All6PHC') as all_six_checks,
            coalesce(max(value_status) filter (where measure = 'All6PHC'), 'missing') as all_six_checks_status
        from typed
        group by all
    """
