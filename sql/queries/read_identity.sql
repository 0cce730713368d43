-- Which installation this is, in which database of which server, and since when. A copy made by dump or template is
-- another one, wherever it is; a copy of the server's files is not, see find_garbage.sql.
select
    concat_ws(' ', i.id, c.system_identifier, d.oid) as identity,
    i.installed_at
from retrato.installation i
cross join pg_catalog.pg_control_system() c
cross join pg_catalog.pg_database d
where d.datname = current_database()
