{#
    The tables that the exposures of the project publish, each once, by name: [table, disclosure policy, licence]. The licence of a table is in its
    config.meta where it differs from that of its policy. Empty while the project is being read.
#}
{% macro published_tables() -%}
    {%- set tables = {} -%}
    {%- if execute -%}
        {%- for exposure in graph.exposures.values() -%}
            {%- for name in exposure.depends_on.nodes -%}
                {%- set meta = graph.nodes[name].config.meta -%}
                {%- set of_trusts = meta.disclosure_policy in ["safe_counts", "counts_of_organisations"] -%}
                {%- set usual = "returns of trusts: by agreement with them" if of_trusts else "OGL-UK-3.0" -%}
                {%- do tables.update({graph.nodes[name].name: [meta.disclosure_policy, meta.get("licence", usual)]}) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set listed = [] -%}
    {%- for table, (policy, licence) in tables | dictsort -%}
        {%- do listed.append([table, policy, licence]) -%}
    {%- endfor -%}
    {{ return(listed) }}
{%- endmacro %}

{# The published tables that are made of returns, each with every collection that it is made of: [table, collection], by the project's lineage. #}
{% macro tables_made_of_returns() -%}
    {%- set made_of = [] -%}
    {%- if execute -%}
        {%- for exposure in graph.exposures.values() -%}
            {%- for name in exposure.depends_on.nodes -%}
                {%- for collection in returns_collections_above(name) -%}
                    {%- do made_of.append((graph.nodes[name].name, collection)) -%}
                {%- endfor -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(made_of | unique | sort) }}
{%- endmacro %}
