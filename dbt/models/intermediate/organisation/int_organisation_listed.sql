-- Grain: organisation x list. Question: which organisations does it name, of which
-- kind, and for which days?
-- ODS reports carry no date: the latest opening or closing in the report of trusts
-- stands for it. Each sector of England that WLMDS publishes is its own organisation,
-- so that like can be put beside like.
{%- set day = ["reported_on", "reported_on"] %}
{%- set always = ["date '1900-01-01'", "date '1900-01-01'"] %}
with
    trusts as (select * from {{ ref("stg_ods_organisation__trust") }}),

    sub_icbs as (select * from {{ ref("stg_ods_organisation__sub_icb") }}),

    small_areas as (select * from {{ ref("stg_ons_geography__lsoa_2021") }}),

    ods_day as (
        select max(greatest(opened_on, coalesce(closed_on, opened_on))) as reported_on
        from trusts
    ),

    ods_parents as (
        select icb_code, region_code
        from trusts
        where icb_code is not null
        union
        select icb_code, region_code
        from sub_icbs
        where icb_code is not null
    )

{%- for organisations, level, condition in [
        ("trusts", "'trust'", "true"),
        (
            "sub_icbs",
            "organisation_kind",
            "organisation_kind = 'sub_icb'",
        ),
    ] %}
    select
        {{
            organisation_mention(
                "ods_organisation",
                "organisation_code",
                day,
                level=level,
                name="organisation_name",
                icb="icb_code",
                region="region_code",
                opened="opened_on",
                closed="closed_on",
            )
        }}
    from {{ organisations }}
    cross join ods_day
    where {{ condition }}
    union all
{%- endfor %}
select
    {{
        organisation_mention(
            "ods_organisation",
            "icb_code",
            ["max(reported_on)", "max(reported_on)"],
            level="'icb'",
            icb="icb_code",
            region="min(region_code)",
        )
    }}
from ods_parents
cross join ods_day
group by icb_code
having count(distinct region_code) = 1
union all
select distinct
    {{
        organisation_mention(
            "ods_organisation",
            "region_code",
            day,
            level="'region'",
            region="region_code",
        )
    }}
from ods_parents
cross join ods_day
where region_code is not null
{%- for level in ["icb", "sub_icb"] %}
    union all
    select distinct
        {{
            organisation_mention(
                "ons_geography",
                level ~ "_code",
                ["boundaries_as_of", "boundaries_as_of"],
                level="'" ~ level ~ "'",
                name=level ~ "_name",
                icb="icb_code",
                gss=level ~ "_gss_code",
            )
        }}
    from small_areas
{%- endfor %}
{%- for sector, name in {
        "NHS_ACUTE": "NHS acute providers",
        "INDEPENDENT_SECTOR": "independent sector",
        "OTHER": "other providers",
    }.items() %}
    union all
    select
        {{
            organisation_mention(
                "nhse_wlmds",
                "'ENG_" ~ sector ~ "'",
                always,
                level="'england_sector'",
                name="'England: " ~ name ~ "'",
            )
        }}
{%- endfor %}
union all
select
    {{
        organisation_mention(
            "ons_geography",
            "'ENG'",
            always,
            level="'england'",
            name="'England'",
            gss="'E92000001'",
        )
    }}
