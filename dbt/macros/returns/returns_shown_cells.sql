{#
    The cells of int_returns__rate_level as they may be shown: rounded counts with their status, and the status of the rate.
    A SELECT; `where` says which cells. The other columns of the relation come with it.
    numerator_status: `withheld` where the recording of the field fails its threshold (rules W06, W07: withheld_reason says
    which), `not_available` where the trust hid so much before sending that its bounds are more than a tenth apart.
#}
{% macro returns_shown_cells(where) -%}
    select
        {{ all_but(["numerator_count", "denominator_count", "is_numerator_unsure", "is_denominator_unsure"]) }},
        {%- for count in ["numerator", "denominator"] %}
            case
                {%- if count == "numerator" %} when withheld_reason is not null then 'withheld' {%- endif %}
                when is_{{ count }}_unsure
                then 'not_available'
                else {{ disclosed_count_status(count ~ "_count") }}
            end as {{ count }}_status,
            case
                when {{ "withheld_reason is null and" if count == "numerator" }} not is_{{ count }}_unsure
                then {{ disclosed_count(count ~ "_count") }}
            end as {{ count }},
        {%- endfor %}
        case
            when withheld_reason is not null
            then 'withheld'
            when is_numerator_unsure or is_denominator_unsure
            then 'not_available'
            else {{ disclosed_rate_status("numerator_count", "denominator_count") }}
        end as rate_status
    from {{ ref("int_returns__rate_level") }}
    where {{ where }}
{%- endmacro %}

{#
    The columns of cells, without count and rate where a condition holds: `withheld`, for the reason that a cell has already or
    the one given. Inputs: cells, a relation of returns_shown_cells; condition, never NULL; reason, in words.
#}
{% macro returns_withheld_where(cells, condition, reason) -%}
    {% call all_with(
        [
            "numerator_status",
            "denominator_status",
            "rate_status",
            "numerator",
            "denominator",
            "withheld_reason",
        ],
        of=cells
    ) %}
        {%- for column in ["numerator_status", "denominator_status", "rate_status"] %}
            case when {{ condition }} then 'withheld' else {{ cells }}.{{ column }} end as {{ column }},
        {%- endfor %}
        {%- for column in ["numerator", "denominator"] %}
            case when not {{ condition }} then {{ cells }}.{{ column }} end as {{ column }},
        {%- endfor %}
        case
            when {{ condition }}
            then coalesce({{ cells }}.withheld_reason, '{{ reason }}')
            else {{ cells }}.withheld_reason
        end as withheld_reason
    {% endcall %}
{%- endmacro %}

{#
    The same cells with every set withheld that one of the relations in `checks` would leave too narrow: no count, no rate.
    Inputs: cells, a CTE of returns_shown_cells; checks, a list of dictionaries with same, sets, parts and whole, as
    disclosed_sets_to_withhold takes them (the columns in `sets` tell the parts from their whole). With hide_whole the whole
    is withheld instead of its parts: the sum of an ICB rather than its trusts. `found` (a relation like
    stg_returns__withheld_set) names further sets, which only several relations together give away.
#}
{% macro returns_withheld_sets(cells, checks, found=none) -%}
    {%- set counts = {"numerator": "numerator_status", "denominator": "denominator_status"} -%}
    {%- set flags = ["is_withheld_found"] if found else [] -%}
    {%- for check in checks -%} {%- do flags.append("is_withheld_" ~ loop.index) -%} {%- endfor -%}
    {%- set is_withheld = "coalesce(" ~ flags | join(", ") ~ ", false)" -%}
    select
        {{ returns_withheld_where(cells, is_withheld, "a small number could be worked out from the groups beside it") }}
    from {{ cells }}
    {%- if found %}
            {%- set columns = ["geo_level", "geo_code", "metric_id", "dim_type", "period_end"] %}
        left join
            (
                select
                    {% for column in columns %} {{ column }} as of_{{ column }}, {% endfor %} true as is_withheld_found
                from {{ found }}
            ) as withheld_found
            on true
            {%- for column in columns %} and {{ cells }}.{{ column }} = withheld_found.of_{{ column }} {%- endfor %}
    {%- endif %}
    {%- for check in checks %}
            {%- set columns = check.same + check.sets %}
            {%- set number = loop.index %}
        left join
            (
                select
                    {% for column in columns %}
                        {{ column }} as of_{{ column }},
                    {% endfor %} true as is_withheld_{{ number }}
                from
                    (
                        {{
                            disclosed_sets_to_withhold(
                                cells, check.same, check.sets, check.parts, check.whole, counts
                            )
                        }}
                    )
            ) as withheld_{{ number }}
            on true
            {%- for column in (check.same if check.hide_whole else columns) %}
                and {{ "case when " ~ check.whole ~ " then " if check.hide_whole and loop.first -}}
                {{ cells }}.{{ column }}
                {{- " end" if check.hide_whole and loop.first }} = withheld_{{ number }}.of_{{ column }}
            {%- endfor %}
    {%- endfor %}
{%- endmacro %}

{#
    The same cells with one answer for each denominator: metrics that divide by the same codes of the return (seed hi_metric)
    show the same people, so a denominator that is withheld in one metric and shown by another is shown in both, and one that
    no metric shows is withheld in all. The attack takes it for one number, so what is shown here it has tried.
    Inputs: cells, a relation with metric_id, denominator and denominator_status; same, the columns that name a group.
#}
{% macro returns_shared_denominators(cells, same) -%}
    select
        {% call all_with(["denominator", "denominator_status"], of=cells) %}
            case
                when denominator_status = 'withheld'
                then max(denominator) over people
                else denominator
            end as denominator,
            case
                when denominator_status = 'withheld'
                then
                    coalesce(
                        max(
                            case when denominator_status <> 'withheld' then denominator_status end
                        ) over people,
                        'withheld'
                    )
                else denominator_status
            end as denominator_status
        {% endcall %}
    from {{ cells }}
    inner join (select metric_id, denominator_codes from {{ ref("hi_metric") }}) as counted using (metric_id)
    window people as (partition by {{ same | join(", ") }}, denominator_codes)
{%- endmacro %}

{# The group that a group is compared with, by dimension; editions of the deciles alike. NULL where there is none. #}
{% macro returns_reference_group(dim_type) -%}
    case
        when {{ dim_type }} like 'IMD_DECILE%'
        then '10'
        when {{ dim_type }} like 'IMD_QUINTILE%'
        then '5'
        when {{ dim_type }} = 'ETHNIC_CATEGORY'
        then 'A'
        when {{ dim_type }} = 'ETHNIC5'
        then 'WHITE'
        when {{ dim_type }} = 'AGE'
        then '50_64'
        when {{ dim_type }} = 'SEX'
        then '1'
    end
{%- endmacro %}
