-- First statement of the write-back: the host's row, as the application itself would lock it. Always before the job:
-- the application's update holds the persona when its trigger comes to the job.
-- $1 persona id
select p.{personas_id}::text as persona_id
from {personas} p
where p.{personas_id} = $1::text::{id_type}
for no key update
