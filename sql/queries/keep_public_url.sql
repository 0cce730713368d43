-- This is today's prefix of the addresses. Writes nothing where it is already.
-- $1 prefix, without a slash at the end
insert into retrato.public_urls as u (url)
select $1::text
where $1::text is distinct from {todays_url}
on conflict (url) do update
set used_at = excluded.used_at
