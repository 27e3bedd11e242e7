-- grain: one row; a private model that no exposure names, so that it must not leave the warehouse
select 'never published' as secret
