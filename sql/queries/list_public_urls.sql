-- Every prefix that an address of ours has had, also of versions from before they were kept.
select url
from (
    select u.url from retrato.public_urls u
    union
    select left(v.image_url, -length(v.image_key) - 1)
    from retrato.avatars v
    where {is_built_of_v}
) known
where url <> ''
order by length(url) desc, url
