-- The newest migration that ran here, and the newest one of the oldest code that is served; 0 where none is named.
select
    coalesce((select max(number) from retrato.migrations), 0) as schema,
    -- a schema that is older than the column has none
    coalesce((select (to_jsonb(i) ->> 'serves_from')::integer from retrato.installation i), 0) as serves_from,
    coalesce((select to_jsonb(i) ->> 'detached_at' is not null from retrato.installation i), false) as detached
