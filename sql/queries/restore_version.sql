-- See sql/triggers/65_restore.sql.
-- $1 persona   $2 version
select retrato.restore($1::text, $2::integer) as version
