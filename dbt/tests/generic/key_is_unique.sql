-- Rows whose key is not unique or has a part that is NULL. One query for the whole key,
-- instead of a test for each column.
{% test key_is_unique(model, columns) %}
    {{ config(tags=["key"]) }}
    select {{ columns | join(", ") }}, count(*) as row_count
    from {{ model }}
    group by {{ columns | join(", ") }}
    having
        count(*) > 1
        or {% for column in columns %}
            {{ column }} is null {{ "or " if not loop.last }}
        {% endfor %}
{% endtest %}
