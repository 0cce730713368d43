-- First statement of the write-back: the host's rows, as the application itself would lock them. Always before the job:
-- the application's update holds the persona when its trigger comes to the job.
-- $1 persona ids text[]
select p.{personas_id}::text as persona_id
from {personas} p
where p.{personas_id} = any($1::text[]::{id_type}[])
order by p.{personas_id}
for no key update {of_those_held}
