-- One company.
-- $1 company
select c.id, c.name
from {the_company} c
