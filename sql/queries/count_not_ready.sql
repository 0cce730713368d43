-- Why personas are not drawn: how many are not ready, by reason (name, inactive, prompt), and how many of these have
-- their flag raised: they are drawn as soon as they are ready.
-- $1 company, null = any   $2 persona ids text[], null = all   $3 also those that have a picture already
select
    why.reason,
    count(*) as personas,
    count(*) filter (where {flag_of_p}) as flagged
from {personas} p
join retrato.persona_status s on s.persona_id = p.{personas_id}::text
cross join lateral (
    select
        case
            when not {has_name_of_p} then 'name'
            when not {named_of_p} and {has_own_prompt_of_p} then 'inactive'
            else 'prompt'
        end as reason
) why
where
    ($1::text is null or s.empresa_id = $1::text)
    and ($2::text[] is null or s.persona_id = any($2::text[]))
    and not s.ready
    and (s.state = 'waiting' or (s.state = 'ready' and ($3::boolean or {flag_of_p})))
group by why.reason
order by why.reason
