{#
    The select list of one kind of mention of organisations (int_organisation_mentioned): what a source says of a code, NULL for
    what it does not say. What follows it is the FROM.

    Arguments: source_id, and expressions for each of the others; seen is first and last day.
#}
{% macro organisation_mention(
    source_id,
    code,
    seen,
    level="cast(null as string)",
    name="cast(null as string)",
    icb="cast(null as string)",
    region="cast(null as string)",
    gss="cast(null as string)",
    opened="cast(null as date)",
    closed="cast(null as date)"
) -%}
    {{ code }} as organisation_code,
    '{{ source_id }}' as source_id,
    {{ level }} as organisation_level,
    {{ name }} as organisation_name,
    {{ icb }} as icb_code,
    {{ region }} as region_code,
    {{ gss }} as gss_code,
    {{ opened }} as opened_on,
    {{ closed }} as closed_on,
    {{ seen[0] }} as first_seen_on,
    {{ seen[1] }} as last_seen_on
{%- endmacro %}
