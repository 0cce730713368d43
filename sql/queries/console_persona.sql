-- One persona with its state and its newest version, as in the gallery.
-- $1 persona
select {card_columns}
from {personas} p
cross join lateral (select coalesce({name_of_p}, '') as name) page
left join retrato.jobs j on j.persona_id = p.{personas_id}::text
left join lateral (
    select v.*
    from retrato.avatars v
    where v.persona_id = p.{personas_id}::text
    order by v.version desc
    limit 1
) a on true
cross join lateral (select a.persona_id) drawn
where p.{personas_id} {is_id} $1::text::{id_type}
