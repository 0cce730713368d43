-- See sql/triggers/05_rounds.sql.
-- $1 lane   $2 most   $3 behind this place
select retrato.give_rounds($1::smallint, $2::integer, $3::bigint)
