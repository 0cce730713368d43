-- A few pictures that versions name, to look whether the store still has them: the newest, and some of the others by
-- chance. Whoever has lost a store and begun another one has the newest there.
--
-- $1 how many of each
with newest as materialized (
    select image_key
    from retrato.avatars
    order by created_at desc
    limit $1::integer
),
others as materialized (
    select image_key
    from retrato.avatars
    order by random()
    limit $1::integer
)
select image_key from newest
union
select image_key from others
