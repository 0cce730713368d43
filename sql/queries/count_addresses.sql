-- How many rows of the application hold an address of ours that begins with one of these prefixes, by prefix.
-- $1 prefixes text[]
-- The words in braces: the table, and whether a row of it holds an address that begins with o.url.
select o.url, count(*)::integer as rows
from unnest($1::text[]) as o(url)
cross join {table} t
where {has_address}
group by o.url
order by o.url
