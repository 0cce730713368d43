-- The write-back, one transaction: check fence and generation, write into the host's tables and ours, end the job.
-- Where the fence does not hold nothing is written, and nothing is answered.
--
-- Two statements, each with a snapshot of its own (docs/decisions/0004): first the host's rows, in id order, as the
-- application itself would lock them; then, knowing that nobody can ask again meanwhile, the rest. Always the persona
-- before the job: the application's update holds the persona when its trigger comes to the job.
--
-- finished: array of at most one object a persona: persona_id, token, generation, version and what retrato.avatars
--   keeps, metadados (object), service (text)
-- patiently: wait for a row that an application holds; else it is passed over. Shorter than deadlock_timeout (1 s):
--   should an application and we wait for each other in a circle, we let go before Postgres looks for somebody to shoot.
--
-- An attempt whose end could not be recorded, the database being away, ends here with its cost: no version is there
-- whose attempt is not in the books. There is hardly ever one, so the look for it is all that it costs.
--
-- The names of types come from the host, so the search_path is the connection's; everything else is qualified.
create or replace function retrato.write_back(finished jsonb, patiently boolean)
returns table (token bigint, asked_again boolean)
language plpgsql
set lock_timeout = '500ms'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
declare
    asked text[] := array(select f ->> 'persona_id' from jsonb_array_elements(finished) f);
    locked text[];
begin
    if patiently then
        locked := array(
            select p.{personas_id}::text
            from {personas} p
            where p.{personas_id} {is_id} any(asked::{id_type}[])
            order by p.{personas_id}
            for no key update
        );
    else
        locked := array(
            select p.{personas_id}::text
            from {personas} p
            where p.{personas_id} {is_id} any(asked::{id_type}[])
            order by p.{personas_id}
            for no key update skip locked
        );
    end if;

    -- What puts a picture back (store/host_keeps.py) is not called by us.
    perform set_config('retrato.writes', 'true', true);
    return query
    with finished as materialized (
        select *
        from jsonb_to_recordset(write_back.finished) as f(
            persona_id text,
            token bigint,
            generation integer,
            version integer,
            image_key text,
            thumbnail_key text,
            image_url text,
            thumbnail_url text,
            sha256 text,
            image_bytes integer,
            width integer,
            height integer,
            provider text,
            leg text,
            model text,
            prompt text,
            prompt_is_theirs boolean,
            seed bigint,
            redraw integer,
            steps integer,
            guidance real,
            cost_usd numeric,
            attempts integer,
            took_s real,
            service text,
            metadados jsonb
        )
        where f.persona_id = any(locked)
    ),
    mine as materialized (
        -- Job by job by the key, whatever the planner believes. A job with this fence is running.
        select f.*, held.empresa_id, held.generation <> f.generation as asked_again
        from finished f
        cross join lateral (
            select j.empresa_id, j.generation
            from retrato.jobs j
            where j.persona_id = f.persona_id and j.token = f.token
            for update
        ) held
    ),
    versions as (
        insert into retrato.avatars (
            persona_id, version, empresa_id, token, generation, image_key, thumbnail_key, image_url, thumbnail_url,
            sha256, image_bytes, width, height, provider, leg, model, prompt, prompt_is_theirs, seed, redraw, steps, guidance,
            cost_usd, attempts, took_s
        )
        select
            persona_id, version, empresa_id, token, generation, image_key, thumbnail_key, image_url, thumbnail_url,
            sha256, image_bytes, width, height, provider, leg, model, prompt, prompt_is_theirs, seed, redraw, steps, guidance,
            cost_usd, attempts, took_s
        from mine
    ),
    ended as (
        delete from retrato.jobs j
        using mine
        where
            j.persona_id = mine.persona_id
            and j.persona_id = any(array(select persona_id from mine))
            and not mine.asked_again
    ),
    queued_again as (
        update retrato.jobs j
        set
            state = 'queued',
            delayed = false,
            run_at = clock_timestamp(),
            round = retrato.next_round(j.lane),
            place = nextval('retrato.places'),
            attempts = 0,
            takeovers = 0,
            token = null,
            replica_id = null,
            lease_until = null,
            version = null,
            redraw = null,
            seed = null,
            last_fault = null,
            last_error = null
        from mine
        where
            j.persona_id = mine.persona_id
            and j.persona_id = any(array(select persona_id from mine))
            and mine.asked_again
        -- The others sleep, and a claimable job keeps applications from waking them.
        returning pg_notify('retrato', '')
    ){host_writes}
    select mine.token, mine.asked_again
    from mine;
    perform set_config('retrato.writes', '', true);

    -- By finished_at and not by state: the index of what is unfinished would be read with all its dead rows.
    if exists (select from retrato.attempts a where a.persona_id = any(locked) and a.finished_at is null) then
        -- The attempt of this fence that came last is the one that delivered. Locks: the legs before the budget, each
        -- in order, as in end_attempt.sql.
        with ended as (
            update retrato.attempts a
            set
                state = 'succeeded',
                cost_usd = f.cost_usd,
                seed = coalesce(f.seed, a.seed),
                finished_at = clock_timestamp()
            from jsonb_to_recordset(write_back.finished) as f(
                persona_id text, token bigint, leg text, seed bigint, cost_usd numeric
            )
            where
                a.persona_id = f.persona_id
                and a.token = f.token
                and a.leg = f.leg
                and a.finished_at is null
                and not exists (
                    select
                    from retrato.attempts later
                    where later.persona_id = a.persona_id and later.id > a.id and later.token = a.token
                )
                and exists (select from retrato.avatars v where v.token = f.token)
            returning a.token, a.started_at, a.reserved_usd, a.cost_usd
        ),
        slots as materialized (
            select l.leg
            from retrato.legs l
            where l.slots ?| array(select ended.token::text from ended)
            order by l.leg
            for no key update
        ),
        freed as (
            update retrato.legs l
            set slots = l.slots - array(select ended.token::text from ended)
            where l.leg = any(array(select slots.leg from slots))
            returning l.leg
        ),
        money as materialized (
            select
                date_trunc('month', ended.started_at at time zone 'UTC')::date as month,
                sum(ended.reserved_usd) as reserved_usd,
                -- what nobody tells is settled at its estimate
                sum(coalesce(ended.cost_usd, ended.reserved_usd)) as spent_usd
            from ended
            where ended.reserved_usd is not null
            group by 1
        ),
        months as materialized (
            select b.month
            from retrato.budget b
            where b.month = any(array(select money.month from money)) and (select count(*) from freed) >= 0
            order by b.month
            for no key update
        )
        update retrato.budget b
        set
            reserved_usd = greatest(0, b.reserved_usd - money.reserved_usd),
            spent_usd = b.spent_usd + money.spent_usd
        from money
        join months on months.month = money.month
        where b.month = money.month;
    end if;
end;
$$;
