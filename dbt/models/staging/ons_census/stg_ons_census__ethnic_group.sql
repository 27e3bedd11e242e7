-- Grain: one row for each LSOA of 2021 and ethnic group, England and Wales. Question:
-- what does the publisher say?
select * from {{ source("ons_census", "ethnic_group") }}
