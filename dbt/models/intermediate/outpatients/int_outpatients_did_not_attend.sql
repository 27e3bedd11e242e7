-- Grain: indicator (first, subsequent, all appointments) x organisation (England,
-- region, provider) x month, as reported.
-- Question: which share of the appointments that were kept or missed without notice
-- was missed?
-- Share = DNA / (seen + DNA), all specialties; cancelled appointments are in neither.
-- An asterisk stands for 1 to 7: a share with a hidden part is not known, and its
-- numerator lies between bounds. Activity outside the regions has no region and is in
-- England only.
with
    activity as (
        select *
        from {{ ref("stg_nhsd_hes_monthly__provider_activity") }}
        where
            organisation_level in ('england', 'provider')
            or (
                organisation_level = 'region_of_provider'
                and organisation_code <> 'none'
            )
    ),

    counts as (
        {%- for indicator, kinds in {
            "op_did_not_attend_first": ["first"],
            "op_did_not_attend_subsequent": ["subsequent"],
            "op_did_not_attend": ["first", "subsequent"],
        }.items() %}
            select
                '{{ indicator }}' as indicator_id,
                period_start,
                organisation_level as breakdown,
                organisation_code,
                organisation_name,
                snapshot_sha256,
                {%- for outcome in ["dna", "seen"] %}
                    {% for kind in kinds %}
                        all_specialties_{{ kind }}_{{ outcome }}{{ " + " if not loop.last }}
                    {% endfor %} as {{ outcome }},
                {%- endfor %}
                {%- for bound, hidden in {"low": 1, "high": 7}.items() %}
                    {% for kind in kinds -%}
                        coalesce(
                            all_specialties_{{ kind }}_dna, {{ hidden }}
                        ){{ " + " if not loop.last }}
                    {%- endfor %} as dna_{{ bound }}{{ "," if not loop.last }}
                {%- endfor %}
            from activity {{ "union all" if not loop.last }}
        {%- endfor %}
    )

select
    counts.indicator_id,
    counts.organisation_code,
    counts.organisation_name,
    case
        when counts.breakdown = 'england'
        then 'england'
        when counts.breakdown = 'region_of_provider'
        then 'region'
        else {{ provider_level("place") }}
    end as organisation_level,
    counts.period_start,
    last_day(counts.period_start) as period_end,
    cast(counts.dna as double) as numerator,
    cast(counts.seen + counts.dna as double) as denominator,
    case
        when counts.dna is null then cast(counts.dna_low as double)
    end as numerator_low,
    case
        when counts.dna is null then cast(counts.dna_high as double)
    end as numerator_high,
    case
        when counts.seen + counts.dna is null then 'suppressed' else 'published'
    end as value_status,
    case
        when counts.dna is null
        then 'missed appointments of 1 to 7 are hidden by the publisher'
        when counts.seen is null
        then 'attendances of 1 to 7 are hidden by the publisher'
    end as value_status_reason,
    counts.snapshot_sha256
from counts
left join
    {{ ref("dim_organisation") }} as place
    on counts.organisation_code = place.organisation_code
-- a provider that only admits patients has no appointment that could be missed
where counts.seen + counts.dna is null or counts.seen + counts.dna > 0
