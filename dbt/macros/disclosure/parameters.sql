{#
    The two parameters of disclosure control: counts of people from 1 to the threshold are hidden, others are rounded to the
    base. Defaults: 7 and 5, the rule for HES and ECDS (NHS Digital, September 2018). This file is the only place where a mart
    gets them; a deployment with another agreed rule sets the dbt variables `disclosure_threshold` and `disclosure_base`.
    Gate 2 holds numbers of its own (expectations/thresholds.yml), so that a variable that switches suppression off
    stops the release.
#}
{% macro disclosure_threshold() -%} {{ return(var("disclosure_threshold", 7) | int) }} {%- endmacro %}

{% macro disclosure_base() -%} {{ return(var("disclosure_base", 5) | int) }} {%- endmacro %}

{#
    How far a rounded count may lie from the true one: half a base, cut down (2 for 5).
#}
{% macro disclosure_half_base() -%} {{ return(disclosure_base() // 2) }} {%- endmacro %}

{# How many values a hidden count must still be able to have once everything has been added up; 3, as the gate demands. #}
{% macro disclosure_minimum_values() -%} {{ return(var("disclosure_minimum_values", 3) | int) }} {%- endmacro %}
