{#
    The ICB of an organisation, two columns that every mart about organisations has: `where icb_code = 'QYG'` is "our trusts". The ICB of
    today that answers for it; where that ICB was divided (QNQ among three, April 2026) and no file says yet which part took it, the divided one.
    Input: the name under which dim_organisation is joined; or dim_trust, which has the same columns.
#}
{% macro icb_columns(organisation) -%}
    coalesce({{ organisation }}.current_icb_code, {{ organisation }}.icb_code) as icb_code, {{ organisation }}.icb_name
{%- endmacro %}
