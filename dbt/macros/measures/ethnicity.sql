{#
    What a recorded ethnic category code says about the recording: 'known', 'not_stated' (Z, the person was asked and
    did not say: a valid answer, but no known ethnicity), 'not_known' (99, the legacy X of HES, blank or missing) or
    'invalid' (anything else).
    Inputs: code, of the 16+1 categories of the 2001 Census; trimmed and read in upper case.
    Source: NHS Data Dictionary, ETHNIC CATEGORY CODE 2001.
#}
{% macro ethnicity_status(code) -%}
    {%- set known = ["A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N", "P", "R", "S"] -%}
    {%- set cleaned = "upper(trim(" ~ measure_text(code) ~ "))" -%}
    case
        when {{ cleaned }} in ('{{ known | join("', '") }}')
        then 'known'
        when {{ cleaned }} = 'Z'
        then 'not_stated'
        when {{ cleaned }} is null or {{ cleaned }} in ('', '99', 'X')
        then 'not_known'
        else 'invalid'
    end
{%- endmacro %}

{#
    Records of one status: an aggregate expression. Inputs: code; records (how many the row stands for, 1 for a row per
    record); status, one of the four words of ethnicity_status (a bare word or an expression).
#}
{% macro ethnicity_records(code, records=1, status="known") -%}
    {%- set words = ["known", "not_stated", "not_known", "invalid"] -%}
    {%- set wanted = "'" ~ status ~ "'" if status in words else status -%}
    coalesce(sum(case when {{ ethnicity_status(code) }} = {{ wanted }} then {{ measure_double(records) }} end), 0e0)
{%- endmacro %}

{#
    Share of records with a known ethnicity, per cent: use this one to judge an analysis of inequality.
    Inputs: as ethnicity_records. NULL: no records at all.
#}
{% macro ethnicity_known_pct(code, records=1) -%}
    {{ proportion(ethnicity_records(code, records, "known"), measure_ethnicity_total(records), 100) }}
{%- endmacro %}

{#
    Share of records with a valid code, per cent: known or not stated. It flatters: "not stated" says nothing about the
    person.
    Inputs: as ethnicity_records. NULL: no records at all.
#}
{% macro ethnicity_valid_pct(code, records=1) -%}
    {{
        proportion(
            "("
            ~ ethnicity_records(code, records, "known")
            ~ " + "
            ~ ethnicity_records(code, records, "not_stated")
            ~ ")",
            measure_ethnicity_total(records),
            100,
        )
    }}
{%- endmacro %}

{# Share of records whose ethnicity is not known or invalid, per cent: what is left after ethnicity_valid_pct. #}
{% macro ethnicity_not_known_pct(code, records=1) -%}
    {{
        proportion(
            "("
            ~ ethnicity_records(code, records, "not_known")
            ~ " + "
            ~ ethnicity_records(code, records, "invalid")
            ~ ")",
            measure_ethnicity_total(records),
            100,
        )
    }}
{%- endmacro %}

{% macro measure_ethnicity_total(records) -%} coalesce(sum({{ measure_double(records) }}), 0e0) {%- endmacro %}
