{#
    The models that int_indicator_value unites, one for each subject: a new subject is its model and its name here. dbt works out what
    depends on what while it parses, before it knows any tag, so the names are written down; a contract test finds one that is
    missing.
#}
{# Models that bring numerators and denominators: value and limits are worked out from them. #}
{% macro counted_figures() -%}
    {{
        return(
            [
                "int_waiting_list_rtt_indicator_value",
                "int_waiting_list_rtt_archive_indicator_value",
                "int_waiting_list_wlmds_indicator_value",
                "int_urgent_care_indicator_value",
                "int_outpatients_indicator_value",
                "int_severe_mental_illness_indicator_value",
                "int_learning_disability_indicator_value",
                "int_vaccination_indicator_value",
                "int_oral_health_indicator_value",
                "int_cancer_waiting_indicator_value",
            ]
        )
    }}
{%- endmacro %}

{# Models of figures that their publisher worked out, some of them called age-standardised. #}
{% macro published_figures() -%}
    {{
        return(
            [
                "int_cardiovascular_indicator_value",
                "int_mental_health_indicator_value",
                "int_detentions_indicator_value",
                "int_cancer_indicator_value",
                "int_talking_therapies_indicator_value",
                "int_maternity_indicator_value",
                "int_primary_care_indicator_value",
                "int_children_audit_indicator_value",
                "int_outpatients_standardised_indicator_value",
            ]
        )
    }}
{%- endmacro %}

{# Models of measures, which fct_inequality_measure unites: one for each family of measures. #}
{% macro measure_families() -%}
    {{
        return(
            [
                "int_inequality_gap",
                "int_inequality_slope",
                "int_inequality_summary",
                "int_inequality_excess",
            ]
        )
    }}
{%- endmacro %}
