-- Before a paid call: note on the job what is drawn, and the attempt itself. Fenced: no row, no call.
-- $1 persona id   $2 token   $3 version   $4 provider   $5 leg   $6 model   $7 seed   $8 redraw
with mine as (
    update retrato.jobs j
    set version = $3::integer, redraw = $8::integer, seed = $7::bigint
    where j.persona_id = $1::text and j.token = $2::bigint and j.state = 'running'
    returning j.persona_id, j.empresa_id, j.token
)
insert into retrato.attempts (persona_id, empresa_id, version, token, provider, leg, model, seed, redraw)
select mine.persona_id, mine.empresa_id, $3::integer, mine.token, $4::text, $5::text, $6::text, $7::bigint, $8::integer
from mine
returning id
