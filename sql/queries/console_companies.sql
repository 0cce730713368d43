-- One page of the companies, by name.
-- $1 pattern of the name, empty = any   $2 or this id   $3, $4 name and id behind which the page begins, '' = the first
-- $5 limit
select c.id, c.name
from {companies} c
where
    ($1::text = '' or c.name collate "C" ~ $1 or c.id = $2::text)
    and (c.name, c.id) > ($3::text, $4::text)
order by c.name, c.id
limit $5::integer
