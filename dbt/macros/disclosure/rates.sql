{#
    Whether a rate of these counts may be shown: 'published', 'suppressed', 'missing' (a count is missing) or 'not_applicable'
    (nothing to divide by).
    Inputs: numerator and denominator, true counts (or rounded ones: the answer is the same); proportion, false where the
    numerator is no part of the denominator (attendances for each person), so that there is no complement.
    Rule: the numerator, and for a proportion also denominator minus numerator, are at least 8.
    Both are judged on the rounded counts, the complement so that it is at least 8 whatever was rounded away: rounded
    complement less 2 x 2. A verdict on the true complement would itself be a leak: with 10 of 20 shown the complement is 6
    to 14, and a hidden rate would narrow it to 6 or 7.
    Source: returns, disclosure rule (numerator and complement of at least 8); class disclosure: neither 0% nor 100% is
    shown.
#}
{% macro disclosed_rate_status(numerator, denominator, proportion=true) -%}
    {%- set counts = [
        disclosed_count_status(numerator),
        disclosed_count_status(denominator),
    ] -%}
    case
        when {{ counts[0] }} = 'missing' or {{ counts[1] }} = 'missing'
        then 'missing'
        when {{ denominator }} = 0
        then 'not_applicable'
        when {{ counts[0] }} = 'suppressed' or {{ counts[1] }} = 'suppressed' or {{ numerator }} = 0
        then 'suppressed'
        {%- if proportion %}
            when
                {{ disclosed_count(denominator) }} - {{ disclosed_count(numerator) }}
                <= {{ disclosure_threshold() + 2 * disclosure_half_base() }}
            then 'suppressed'
        {%- endif %}
        else 'published'
    end
{%- endmacro %}

{#
    The rate as it may be shown: from the rounded counts, times multiplier; NULL where disclosed_rate_status is not
    'published'. Units: share times multiplier, or events for each `multiplier` units of the denominator.
    Where a model has the rounded counts and the status as columns already, `disclosed_value(status, proportion(...))`
    does the same with less SQL; so do gaps and ratios (gap_*) of two groups, with `disclosed_pair_status`.
#}
{% macro disclosed_rate(numerator, denominator, multiplier=1, proportion=true) -%}
    {{
        disclosed_value(
            disclosed_rate_status(numerator, denominator, proportion),
            rate(disclosed_count(numerator), disclosed_count(denominator), multiplier),
        )
    }}
{%- endmacro %}

{# Lower 95% limit of disclosed_rate from the rounded counts: Wilson for a proportion, exact or Byar otherwise, with their rounding. #}
{% macro disclosed_rate_lower(numerator, denominator, multiplier=1, proportion=true) -%}
    {{ disclosed_limit("lower", numerator, denominator, multiplier, proportion) }}
{%- endmacro %}

{# Upper limit of disclosed_rate: as disclosed_rate_lower. #}
{% macro disclosed_rate_upper(numerator, denominator, multiplier=1, proportion=true) -%}
    {{ disclosed_limit("upper", numerator, denominator, multiplier, proportion) }}
{%- endmacro %}

{# One limit, `side` lower or upper; for composing. #}
{% macro disclosed_limit(side, numerator, denominator, multiplier, proportion) -%}
    {%- set limit = limit_of_rounded(
        side,
        disclosed_count(numerator),
        disclosed_count(denominator),
        multiplier,
        proportion,
    ) -%}
    {{ disclosed_value(disclosed_rate_status(numerator, denominator, proportion), limit) }}
{%- endmacro %}

{#
    A 95% limit, `side` lower or upper, of the share (Wilson) or rate (exact or Byar) of two counts that are rounded to 5, with the
    error of their rounding in it.
    Method: widened_limit with rounding_error. Wilson's limits alone hold the true share of 20 in 5,000 in 92.8% of draws and of 30 in
    60 in 92.3%, with the rounding in 95.6% and 95.9%; from about 100 events on the two are alike. The limits of ratios and gaps of
    the same counts hold the rounding too, so that a row does not say two things.
#}
{% macro limit_of_rounded(side, numerator, denominator, multiplier=1, proportion=true) -%}
    {%- set counts = [numerator, denominator] -%}
    {%- set error = rounding_error(numerator, denominator, "true") -%}
    {%- set value = measure_double(numerator) ~ " / nullif(" ~ measure_double(denominator) ~ ", 0e0)" -%}
    {%- if proportion -%}
        {%- set limit = wilson_lower(*counts) if side == "lower" else wilson_upper(*counts) -%}
        {%- set widened = widened_limit("(" ~ value ~ ")", "(" ~ limit ~ ")", error, "logit") -%}
    {%- else -%}
        {%- set limit = rate_lower(*counts) if side == "lower" else rate_upper(*counts) -%}
        {%- set widened = widened_limit(
            "(" ~ value ~ ")",
            "(" ~ limit ~ ")",
            error ~ " / nullif(" ~ value ~ ", 0e0)",
            "log",
        ) -%}
    {%- endif -%}
    ({{ widened }}) {{ measure_times(multiplier) }}
{%- endmacro %}

{#
    The expression where the status is 'published', else NULL: what every rate, limit, mean, gap and ratio that is worked out
    from rounded counts is in.
#}
{% macro disclosed_value(status, expression) -%}
    case when {{ status }} = 'published' then {{ expression }} end
{%- endmacro %}

{#
    The status of a gap or ratio of two rates: 'published' where both are, else the first that is not.
    Inputs: two statuses of disclosed_rate_status.
#}
{% macro disclosed_pair_status(status_1, status_2) -%}
    case when {{ status_1 }} <> 'published' then {{ status_1 }} else {{ status_2 }} end
{%- endmacro %}

{#
    Whether a mean, median, minimum or maximum over `count` people may be shown: 'published' from 8 people on, 'suppressed' for 1 to 7,
    'not_applicable' for 0, 'missing' without a count.
    Source: HES and ECDS: means are not shown when they rest on 1 to 7.
#}
{% macro disclosed_mean_status(count) -%}
    case when {{ count }} = 0 then 'not_applicable' else {{ disclosed_count_status(count) }} end
{%- endmacro %}
