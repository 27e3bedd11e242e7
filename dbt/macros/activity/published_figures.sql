{# Models of figures that their publisher worked out (fct_indicator_value), some of them called age-standardised. #}
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
            ]
        )
    }}
{%- endmacro %}
