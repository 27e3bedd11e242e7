{#
    A count of people or events as it may be shown below national level: 0 stays 0, 1 to 7 is NULL, others are rounded to the
    nearest 5.
    Inputs: count, the true count (already summed: never add rounded counts up), or one that is rounded already: rounding
    twice gives the same.
    Units: BIGINT.
    Source: NHS Digital, Disclosure control methodology for HES and ECDS (September 2018); see disclosure_count.
    NULL: where disclosed_count_status is not 'published'. England is treated alike: an exact national count beside rounded
    counts of trusts gives a single hidden trust away.
#}
{% macro disclosed_count(count) -%}
    cast({{ disclosure_count(count, "hes", disclosure_threshold(), disclosure_base()) }} as bigint)
{%- endmacro %}

{#
    What is in the status column beside disclosed_count: 'published', 'suppressed' (1 to 7, shown as [c]) or 'missing'
    (there is no count, or it is negative or not whole). A 0 is 'published'.
#}
{% macro disclosed_count_status(count) -%}
    {%- set reason = disclosure_reason(count, "hes", disclosure_threshold()) -%}
    case
        when {{ reason }} is null then 'published' when {{ reason }} = 'suppressed' then 'suppressed' else 'missing'
    end
{%- endmacro %}

{#
    The least that a count of a return may have been (BIGINT): the count itself where it is exact (profile RESTRICTED); where
    the trust suppressed and rounded it already (profile SAFE) 1 for a suppressed one, 0 for 0, and the count less 2 otherwise.
    Inputs: count, status (`published` or `suppressed`), safe (true where the submission is SAFE). A suppressed count is
    never 0. Sums carry the sum of these bounds.
#}
{% macro disclosed_low(count, status, safe) -%}
    cast(
        case
            when {{ status }} = 'suppressed'
            then 1
            when {{ safe }} and {{ count }} > 0
            then greatest({{ count }} - {{ disclosure_half_base() }}, {{ disclosure_threshold() }} + 1)
            else {{ count }}
        end as bigint
    )
{%- endmacro %}

{# The most that a count of a return may have been: as disclosed_low, with 7 and plus 2. #}
{% macro disclosed_high(count, status, safe) -%}
    cast(
        case
            when {{ status }} = 'suppressed'
            then {{ disclosure_threshold() }}
            when {{ safe }} and {{ count }} > 0
            then {{ count }} + {{ disclosure_half_base() }}
            else {{ count }}
        end as bigint
    )
{%- endmacro %}
