{#
    The level of an organisation of MSDS: local maternity systems carry the codes of ICBs (the providers in them, not the
    residents). NULL for sites, local authorities and MBRRACE groups, which stay in staging.
#}
{% macro maternity_level(reported_level) -%}
    case
        {{ reported_level }}
        {%- for reported, level in {
            "england": "england",
            "region": "region",
            "local_maternity_system": "icb",
            "sub_icb": "sub_icb",
            "provider": "trust",
        }.items() %}
            when '{{ reported }}' then '{{ level }}'
        {%- endfor %}
    end
{%- endmacro %}
