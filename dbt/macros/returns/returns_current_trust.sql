{#
    Two columns beside the code that a return was sent under: the organisation of today that answers for it, and why there is
    none. As reported stays as it is; a trust that merged maps to the one that followed it, one that was divided to none,
    because its figures cannot be divided. Figures of a closed trust and of its successor for one period may count the same
    people: they are mapped, never added.
    Inputs: code, the reported one; organisation, the alias of dim_organisation joined on it.
    NULL: where there is no single organisation of today, with the reason; a code that no source knows stands for itself.
#}
{% macro returns_current_trust(code, organisation) -%}
    {{ current_code(code, organisation) }} as current_organisation_code,
    {{ organisation }}.current_organisation_code_reason
{%- endmacro %}
