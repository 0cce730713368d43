-- First statement of the write-back: the host's rows, in id order, as the application itself would lock them.
-- $1 persona ids text[]
select p.{personas_id}::text as persona_id
from {personas} p
where p.{personas_id} = any($1::text[]::{id_type}[])
order by p.{personas_id}
for no key update
