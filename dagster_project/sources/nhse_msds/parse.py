"""Maternity statistics: exp-data to one row a group, exp-measures to one row an indicator with value, status and result apart."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob

LEVEL = """
    case reported_level
        when 'National' then 'england'
        when 'NHS England (Region)' then 'region'
        when 'Local Maternity System' then 'local_maternity_system'
        when 'SubICB of Responsibility' then 'sub_icb'
        when 'Local Authority of Residence' then 'local_authority'
        when 'Provider' then 'provider'
        when 'Booking Site' then 'booking_site'
        when 'Delivery Site' then 'delivery_site'
        when 'MBRRACE Grouping' then 'mbrrace_group'
    end"""
CODE = """
    case
        when reported_level = 'National' then 'ENG'
        else coalesce(reported_code, 'none')
    end"""
NUMBER = "[0-9]+([.][0-9]+)?"
WHOLES = {
    "TotalBookings": (
        "AgeAtBookingMotherGroup",
        "ComplexSocialFactorsInd",
        "DeprivationDecileAtBooking",
        "EthnicCategoryMotherGroup",
        "FolicAcidSupplement",
        "GestAgeFormalAntenatalBookingGroup",
        "PreviousCaesareanSectionsGroup",
        "PreviousLiveBirthsGroup",
        "SmokingStatusGroupBooking",
    ),
    "TotalBabies": (
        "ApgarScore5TermGroup7",
        "BabyFirstFeedBreastMilkStatus",
        "GestationLengthBirth",
        "GestationLengthBirthGroup37",
        "PlaceTypeActualDeliveryMidwifery",
        "SkinToSkinContact1HourTerm",
    ),
    "TotalDeliveries": ("CO_Concentration_Delivery", "DeliveryMethodBabyGroup"),
}
"""The dimensions of which every woman or baby is in at least one group, in each of the 932 organisations of March 2025."""
WRONG_FILE = "look whether the publisher linked the wrong file; the snapshot is kept"


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_csv()
    _require_month(job)
    return _select_data(job) if job.entity.name == "data" else _select_measures(job)


def rounded_low(count: str) -> str:
    """Return SQL of the smallest true count behind a published one: 1 to 7 are shown as 5, others to the nearest 5."""
    return f"case {count} when 0 then 0 when 5 then 1 else {count} - 2 end"


def rounded_high(count: str) -> str:
    """Return SQL of the largest true count behind a published one; a 0 is allowed to hide 2, which no file says it does not."""
    return f"case {count} when 5 then 7 else {count} + 2 end"


def _require_month(job: ParseJob) -> None:
    """Both ends of the reporting period are those of the file's name, a start with day and month changed round put right.

    A spreadsheet reads 01/03/2025 as month/day/year. The end of the same row cannot be read so (there is no month 28 to 31): where
    it is the end of the month, the start is its first day. The rows are counted as corrected.
    """
    start, end = _date("reported_start"), _date("reported_end")
    first, last = job.period_start, job.period_end
    is_right = f"{start} is not distinct from date '{first}' and {end} is not distinct from date '{last}'"
    is_flipped = f"{start} = make_date({first.year}, {first.day}, {first.month}) and {end} = date '{last}'"
    job.report.corrections_applied["reported_start"] = job.count("typed", f"{is_flipped} and not ({is_right})")
    job.require_none(
        f"select distinct reported_start, reported_end from typed where not coalesce({is_right}, false) and not coalesce({is_flipped}, false)",
        f"it is listed as {job.snapshot.period} but its reporting period (start, end) is",
        WRONG_FILE,
    )


def _date(text: str) -> str:
    return f"coalesce(try_strptime({text}, '%d/%m/%Y')::date, try_strptime({text}, '%Y-%m-%d')::date)"


def _common(job: ParseJob) -> str:
    status = "provisional" if "provisional" in job.snapshot.address.lower() else "final"
    return f"""
            date '{job.period_start}' as period_start,
            '{status}' as edition,
            {LEVEL} as organisation_level,
            {CODE} as organisation_code"""


def _require_whole_groups(job: ParseJob) -> None:
    """The groups of a dimension are together no fewer than everybody, as far as the rounding of each count allows."""
    pairs = ", ".join(f"('{whole}', '{part}')" for whole, parts in WHOLES.items() for part in parts)
    of_row = "reported_level, coalesce(reported_code, 'none') as code"
    job.require_none(
        f"""
        with
            pairs(whole, part) as (values {pairs}),
            wholes as (select {of_row}, dimension as whole, {rounded_low("value")} as least from typed where dimension in (select whole from pairs)),
            parts as (
                select {of_row}, dimension as part, sum({rounded_high("value")}) as most, bool_or(value is null) as hidden
                from typed where dimension in (select part from pairs) group by all
            )
        select reported_level, code, part, coalesce(most, 0), least
        from wholes join pairs using (whole) left join parts using (reported_level, code, part)
        where coalesce(most, 0) < least and not coalesce(hidden, false) and exists (select 1 from parts p where p.part = pairs.part)
        order by all
        """,
        "the groups of a dimension are fewer than everybody (level, organisation, dimension, groups at most, everybody at least)",
        "fetch the file again or ask its publisher; rows are missing",
    )


def _require_whole_england(job: ParseJob) -> None:
    """The regions, and the providers, have together no fewer than England, and England has each of their groups.

    So in each of the 143 groups of March 2025, as far as the rounding of each count allows; women who book twice make more.
    """
    of_group = "dimension, coalesce(group_label, 'all') as group_label, count_of"
    job.require_none(
        f"""
        with
            england as (select {of_group}, {rounded_low("value")} as least from typed where reported_level = 'National'),
            parts as (
                select reported_level, {of_group}, sum({rounded_high("value")}) as most, bool_or(value is null) as hidden
                from typed where reported_level in ('NHS England (Region)', 'Provider') group by all
            )
        select reported_level, dimension, group_label, most, least
        from parts left join england using (dimension, group_label, count_of)
        where count_of <> 'Average over women' and not hidden and (least is null or most < least)
            and exists (select 1 from england e where e.dimension = parts.dimension)
        order by all
        """,
        "the parts of England are fewer than England, or England has no such group (level, dimension, group, parts at most, England at least)",
        "fetch the file again or ask its publisher; rows are missing",
    )


def _select_data(job: ParseJob) -> str:
    _require_whole_groups(job)
    _require_whole_england(job)
    is_count = "count_of <> 'Average over women'"
    return f"""
        select
            {_common(job)},
            organisation_name,
            dimension,
            coalesce(group_label, 'all') as group_label,
            lower(replace(count_of, ' ', '_')) as count_of,
            value,
            value_status,
            case when {is_count} then {rounded_low("value")} end as value_low,
            case when {is_count} then {rounded_high("value")} end as value_high
        from typed
    """


def _select_measures(job: ParseJob) -> str:
    _require_fitting_values(job)
    counts = ",".join(
        f"""
            {_number(name)} as {name},
            {_status(name)} as {name}_status,
            {rounded_low(_number(name))} as {name}_low,
            {rounded_high(_number(name))} as {name}_high"""
        for name in ("numerator", "denominator")
    )
    return f"""
        select
            {_common(job)},
            any_value(organisation_name) as organisation_name,
            any_value(indicator_family) as indicator_family,
            indicator,
            {counts},
            {_number("rate", "rate per thousand")} as rate,
            max(case currency when 'Rate' then 100 when 'Rate per Thousand' then 1000 end) as rate_per,
            {_status("rate", "rate per thousand")} as rate_status,
            lower(max(value) filter (where currency = 'Result')) as result
        from typed
        group by all
    """


def _require_fitting_values(job: ParseJob) -> None:
    job.require_none(
        "select reported_code, indicator, currency, value from typed where (currency = 'Result') <> (value in ('Pass', 'Fail')) "
        "or (currency in ('Numerator', 'Denominator') and not regexp_full_match(value, '[0-9]+|[*]|DNS'))",
        "a value that does not belong to its currency (organisation, indicator, currency, value)",
        "look what the publisher means by it and add it to parse.py",
    )
    job.require_none(
        "select reported_level, reported_code, indicator, count(*) from typed where currency in ('Rate', 'Rate per Thousand') "
        "group by all having count(*) > 1 union all select reported_level, reported_code, indicator || ' ' || currency, count(*) "
        "from typed group by all having count(*) > 1",
        "a value that stands more than once (level, organisation, indicator, times)",
        "look whether the file holds two editions of the same rows",
    )
    job.require_none(
        """
        select reported_level, reported_code, indicator, list(currency order by currency)
        from (select *, reported_level = 'Provider' and bool_or(currency = 'Result') over (partition by indicator) as has_result from typed)
        group by reported_level, reported_code, indicator, has_result
        having count(*) filter (where currency in ('Numerator', 'Denominator')) < 2
            or bool_and(not starts_with(currency, 'Rate')) or (has_result and bool_and(currency <> 'Result'))
        order by all
        """,
        # So for all 20,255 of April 2025; of its 135 indicators 71 have a result for each of the 120 providers, the others none.
        "an indicator without its numerator, denominator, rate or result (level, organisation, indicator, what is there)",
        "fetch the file again or ask its publisher; rows are missing",
    )


def _of(currencies: tuple[str, ...]) -> str:
    return "filter (where lower(currency) in (" + ", ".join(f"'{name}'" for name in currencies) + "))"


def _number(*currencies: str) -> str:
    return f"max(case when regexp_full_match(value, '{NUMBER}') then cast(value as double) end) {_of(currencies)}"


def _status(*currencies: str) -> str:
    return f"""coalesce(max(
                case value when '*' then 'suppressed' when 'DNS' then 'not_collected' when 'Low DQ' then 'low_data_quality'
                else 'published' end) {_of(currencies)}, 'missing')"""
