-- $1 attempt id   $2 the provider's id of the request
update retrato.attempts
set request_id = $2::text
where id = $1::bigint
