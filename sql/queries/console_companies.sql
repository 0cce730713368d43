-- One page of the companies, by name.
-- $1 text that the name holds, folded, empty = any   $2, $3 name and id behind which the page begins, '' = the first
-- $4 limit
select c.id, c.name
from {companies} c
where
    ($1::text = '' or strpos({folded_name_of_c}, $1::text) > 0 or c.id = $1::text)
    and (c.name, c.id) > ($2::text, $3::text)
order by c.name, c.id
limit $4::integer
