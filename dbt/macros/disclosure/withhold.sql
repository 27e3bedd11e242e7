{#
    The sets of cells that must be withheld because adding up would leave a hidden count too few possible values: a SELECT with
    one row for each such set, of the columns `same` and `sets`.

    A set is all parts that share `same` and `sets` (the groups of one dimension of one trust); its whole is the row that has the
    same `same`. A mart shows every cell of a set that is found here as 'withheld': no count, no rate, zeros too. Withholding one more cell
    would not do: which one it is, and that it is 8 or more, is known to whoever knows the rule.

    Inputs: relation with the rounded counts and their status as they would be shown; same, sets (lists of columns); parts, whole
    (SQL conditions that say which rows are which); counts (count: its status column; one count that is found withholds the
    set for all).
    Method: the shown values are intervals (0 is 0, others plus or minus 2, [c] is 1 to 7); the hidden one among k is at least
    whole_low - sum of the visible highs - 7 (k - 1) and at most whole_high - sum of the visible lows - (k - 1). Exact for one
    relation; what several relations say together is found at gate 2 (quality/attacker.py).
    NULL: a whole that is neither shown nor suppressed bounds nothing; a part that is missing only leaves the upper bound.
#}
{% macro disclosed_sets_to_withhold(relation, same, sets, parts, whole, counts) -%}
    with
        disclosed_wholes as (
            select
                {{ same | join(", ") }}
                {%- for count, status in counts.items() %}
                    ,
                    {{ disclosed_bound(count, status, "low") }} as whole_low_{{ loop.index }},
                    {{ disclosed_bound(count, status, "high") }} as whole_high_{{ loop.index }}
                {%- endfor %}
            from {{ relation }}
            where {{ whole }}
        ),
        disclosed_sums as (
            select
                {{ (same + sets) | join(", ") }}
                {%- for count, status in counts.items() %}
                    ,
                    sum(case when {{ status }} = 'suppressed' then 1 else 0 end) as hidden_{{ loop.index }},
                    sum(
                        case when {{ status }} not in ('published', 'suppressed') then 1 else 0 end
                    ) as unknown_{{ loop.index }},
                    sum(
                        case when {{ status }} = 'published' then {{ disclosed_bound(count, status, "low") }} else 0 end
                    ) as visible_low_{{ loop.index }},
                    sum(
                        case
                            when {{ status }} = 'published' then {{ disclosed_bound(count, status, "high") }} else 0
                        end
                    ) as visible_high_{{ loop.index }}
                {%- endfor %}
            from {{ relation }}
            where {{ parts }}
            group by {{ (same + sets) | join(", ") }}
        )
    select {{ (same + sets) | join(", ") }}
    from disclosed_sums
    inner join disclosed_wholes using ({{ same | join(", ") }})
    where
        false
        {%- for count in counts %}
            or (hidden_{{ loop.index }} > 0 and {{ disclosed_room(loop.index) }} < {{ disclosure_minimum_values() }})
        {%- endfor %}
{%- endmacro %}

{# How many values a hidden cell of the set can still have; for composing. #}
{% macro disclosed_room(number) -%}
    {%- set others = "(hidden_" ~ number ~ " - 1)" -%}
    (
        least(
            {{ disclosure_threshold() }},
            coalesce(whole_high_{{ number }} - visible_low_{{ number }} - {{ others }}, {{ disclosure_threshold() }})
        ) - greatest(
            1,
            case
                when unknown_{{ number }} = 0
                then
                    coalesce(
                        whole_low_{{ number }}
                        - visible_high_{{ number }}
                        - {{ disclosure_threshold() }} * {{ others }},
                        1
                    )
                else 1
            end
        )
        + 1
    )
{%- endmacro %}

{#
    The least (`low`) or most (`high`) that a true count behind a shown one can be; NULL where it is neither shown nor
    suppressed.
#}
{% macro disclosed_bound(count, status, side) -%}
    {%- set sign = "-" if side == "low" else "+" -%}
    case
        when {{ status }} = 'suppressed'
        then {{ 1 if side == "low" else disclosure_threshold() }}
        when {{ status }} = 'published' and {{ count }} = 0
        then 0
        when {{ status }} = 'published'
        then {{ count }} {{ sign }} {{ disclosure_half_base() }}
    end
{%- endmacro %}
