-- See sql/triggers/60_write_back.sql.
-- $1 jsonb array of finished versions   $2 wait for rows that an application holds
select token, asked_again
from retrato.write_back($1::jsonb, $2::boolean)
