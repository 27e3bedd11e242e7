-- Grain: as int_inequality_funnel_trust. Question: where do the limits lie at the size
-- of a trust, and where do its least and its most possible share lie among them?
-- funnel_ limits add the variance between trusts to chance, chance_ ones are those of
-- chance alone. The lower limits stand around the lowest possible baseline, the upper
-- around the highest. at_least is the label of the least share around the highest
-- baseline, at_most that of the most around the lowest: what both say holds for the
-- whole of the bounds. p is of the distance from the baseline over the limits' own
-- standard error, with a hidden count at the end nearer to the baseline.
with
    deviates as (
        select
            *,
            {{ funnel_deviate("least", "size", "baseline_high", "between_variance") }}
            as z_least,
            {{ funnel_deviate("most", "size", "baseline_low", "between_variance") }}
            as z_most
        from {{ ref("int_inequality_funnel_trust") }}
    ),

    nearest as (
        select *, {{ deviate_at_least("z_least", "z_most") }} as z_nearest from deviates
    )

select
    {{ all_but(["z_least", "z_most", "z_nearest"]) }},
    {%- for kind, variance in {"funnel": "between_variance", "chance": 0}.items() %}
        {%- for level in [0.95, 0.998] %}
            {%- set suffix = level | string | replace("0.", "") %}
            {{ funnel_lower("baseline_low", "size", level, 1, variance) }}
            as {{ kind }}_lower_{{ suffix }},
            {{ funnel_upper("baseline_high", "size", level, 1, variance) }}
            as {{ kind }}_upper_{{ suffix }},
        {%- endfor %}
    {%- endfor %}
    {{
        funnel_label(
            "proportion", "least", "size", "baseline_high", "between_variance"
        )
    }} as funnel_at_least,
    {{ funnel_label("proportion", "most", "size", "baseline_low", "between_variance") }}
    as funnel_at_most,
    {{ normal_p_value("z_nearest") }} as p_value
from nearest
