{#
    A shown count of a cell of returns_shown_cells for adding up: itself, the middle (4) of a hidden count of 1 to 7, NULL where any
    other reason hides it. `of`: the alias of the cells.
#}
{% macro returns_shown_middle(count, of) -%}
    case
        {{ of }}.{{ count }}_status
        when 'published'
        then {{ of }}.{{ count }}
        when 'suppressed'
        then {{ (disclosure_threshold() + 1) // 2 }}
    end
{%- endmacro %}
