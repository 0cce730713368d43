-- Which installation this is, on which server, and since when. A copy of the database on another server is another one.
select
    i.id::text || ' ' || c.system_identifier::text as identity,
    i.installed_at
from retrato.installation i
cross join pg_catalog.pg_control_system() c
