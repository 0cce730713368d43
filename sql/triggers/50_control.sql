-- For operators: pause and resume (everything, a company, a leg or a whole provider), cancel (personas, a company).

-- In force with the next claim and the next paid call; calls under way are finished. Claims take a paused company's
-- jobs out of their index on the way (claim_jobs.sql). Returns whether it was not paused before.
create or replace function retrato.pause(scope text, name text default '', reason text default null)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
    insert into retrato.pauses (scope, name, reason)
    values (pause.scope, pause.name, pause.reason)
    on conflict do nothing;
    return found;
end;
$$;

-- Of a company: waits for claims that are just taking jobs out of their index, and puts these back. Of a leg or
-- provider: what its faults have suspended is available again as well, for every account, and the jobs that wait for it
-- come now; those that wait for something else keep their time. Rings for those who sleep or back off. Returns whether
-- anything was paused or suspended, or a job was called.
--
-- In an older snapshot it would not see what a claim has just taken out, and nobody else puts that back. Rows are not
-- waited for longer than in write_back: should an application and we wait in a circle, we let go.
create or replace function retrato.resume(scope text, name text default '')
returns boolean
language plpgsql
security definer
set search_path = ''
set lock_timeout = '500ms'
as $$
declare
    was_paused boolean;
    closed text[] := '{}';
    called integer := 0;
begin
    if resume.scope = 'empresa' and current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'a company is resumed at READ COMMITTED'
        using
            errcode = 'object_not_in_prerequisite_state',
            hint = 'begin isolation level read committed; select retrato.resume(...); commit;';
    end if;

    delete from retrato.pauses p
    where p.scope = resume.scope and p.name = resume.name;
    was_paused := found;

    if resume.scope = 'leg' then
        closed := array(
            select l.leg
            from retrato.legs l
            where
                (l.closed_until is not null or l.suspended_keys <> '{}')
                and (l.leg = resume.name or pg_catalog.starts_with(l.leg, resume.name || '/'))
        );
    end if;

    if resume.scope = 'leg' then
        -- Jobs before legs, each in order, as everybody does. A job that an application holds comes in its own time.
        -- What a release before has delayed does not say for what: then its last fault tells whether a leg had it.
        update retrato.jobs j
        set run_at = now()
        where
            j.persona_id = any(array(
                select waiting.persona_id
                from retrato.jobs waiting
                where
                    waiting.state = 'queued'
                    and waiting.delayed
                    and waiting.run_at > now()
                    and waiting.run_at < 'infinity'
                    and case
                        when waiting.waits_for is null then
                            (was_paused or closed <> '{}')
                            and coalesce(waiting.last_fault, 'auth') in (
                                'auth', 'no_credit', 'gone', 'throttled', 'loading', 'transient', 'unknown_outcome'
                            )
                        else exists (
                            select
                            from unnest(waiting.waits_for) as awaited(leg)
                            where
                                awaited.leg = resume.name
                                or pg_catalog.starts_with(awaited.leg, resume.name || '/')
                                -- a provider that could not even tell its legs
                                or pg_catalog.starts_with(resume.name, awaited.leg || '/')
                        )
                    end
                order by waiting.persona_id
                for update skip locked
            ));
        get diagnostics called = row_count;

        update retrato.legs l
        set closed_until = null, probing_until = null, faults_in_row = 0, suspended_keys = '{}'
        where
            l.leg = any(array(
                select shut.leg
                from retrato.legs shut
                where shut.leg = any(closed)
                order by shut.leg
                for update
            ));
    end if;

    if resume.scope = 'empresa' then
        with parked as materialized (
            select j.persona_id, j.lane, j.round, j.place
            from retrato.jobs j
            where j.state = 'queued' and j.delayed and j.run_at = 'infinity' and j.empresa_id = resume.name
            order by j.persona_id
            for update
        ),
        company as materialized (
            select lanes.lane, lanes.next, retrato.free_round(lanes.lane, resume.name, lanes.next) as behind_all
            from (
                select asked.lane, retrato.next_round(asked.lane) as next
                from (select distinct lane from parked) asked
            ) lanes
        ),
        ordered as (
            select
                parked.persona_id,
                parked.lane,
                parked.round,
                parked.round >= company.next as is_in_time,
                company.behind_all,
                row_number() over (
                    partition by parked.lane, parked.round >= company.next order by parked.round, parked.place
                ) as nth
            from parked
            join company on company.lane = parked.lane
        ),
        in_time as materialized (
            -- Those whose turn is still to come have it: else a short pause would cost the company hundreds of turns.
            -- Some may have the same, queued while the others were out: one after the other.
            select
                persona_id,
                lane,
                2 * nth + max(round - 2 * nth) over (partition by lane order by nth) as round
            from ordered
            where is_in_time
        ),
        given as (
            select persona_id, round from in_time
            union all
            select late.persona_id, greatest(late.behind_all, last.round + 2) + 2 * (late.nth - 1) as round
            from ordered late
            left join (select lane, max(round) as round from in_time group by lane) last on last.lane = late.lane
            where not late.is_in_time
        )
        update retrato.jobs j
        set
            round = given.round,
            -- due at once, the first to go first
            run_at = now() - given.rank * interval '1 microsecond'
        from (select persona_id, round, row_number() over (order by round desc) as rank from given) given
        where j.persona_id = given.persona_id;
    end if;

    perform pg_catalog.pg_notify('retrato', '');
    return was_paused or closed <> '{}' or called > 0;
end;
$$;

-- What waits or runs for these personas is given up, and a raised flag is lowered. Who has an avatar keeps it; the
-- others count as failed, so that nothing draws them unasked. A replica that works on one notices with its next
-- heartbeat: the fence is gone. Returns how many jobs were cancelled.
create or replace function retrato.cancel(persona_ids text[])
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    cancelled integer;
begin
    -- The host's rows first, in id order, as everybody does.
    perform from {personas} p
    where p.{personas_id} {is_id} any(cancel.persona_ids::{id_type}[])
    order by p.{personas_id}
    for no key update;

    update {personas} p
    set {flag} = false
    where p.{personas_id} {is_id} any(cancel.persona_ids::{id_type}[]) and {flag_of_p};

    with held as materialized (
        select j.persona_id, j.token
        from retrato.jobs j
        where j.persona_id = any(cancel.persona_ids) and j.state <> 'failed'
        order by j.persona_id
        for update
    ),
    freed as (
        -- their calls, if any are under way, are given up
        update retrato.legs l
        set slots = l.slots - array(select held.token::text from held where held.token is not null)
        where l.slots ?| array(select held.token::text from held where held.token is not null)
    ),
    removed as (
        delete from retrato.jobs j
        using held
        where
            j.persona_id = held.persona_id
            and exists (select from retrato.avatars a where a.persona_id = held.persona_id)
        returning j.persona_id
    ),
    failed as (
        update retrato.jobs j
        set
            state = 'failed',
            token = null,
            replica_id = null,
            lease_until = null,
            delayed = false,
            last_fault = 'cancelled',
            last_error = 'cancelled by an operator'
        from held
        where
            j.persona_id = held.persona_id
            and not exists (select from retrato.avatars a where a.persona_id = held.persona_id)
        returning j.persona_id
    )
    select (select count(*) from removed) + (select count(*) from failed)
    into cancelled;
    return cancelled;
end;
$$;

-- The same for all personas of one company.
create or replace function retrato.cancel_company(empresa_id text)
returns integer
language sql
security definer
set search_path = ''
as $$
    select retrato.cancel(array_agg(j.persona_id))
    from retrato.jobs j
    where j.empresa_id = cancel_company.empresa_id and j.state <> 'failed'
$$;
