-- Rounds: which company's turn it is. Start-time fair queueing (Goyal, Vin, Cheng 1996) with two rounds to a job.
--
-- A company's next waiting job comes two rounds behind its last; the first one of a company that has none waiting comes
-- one round behind the round that the claims have come to. Claims go by round, then by place. So, when a company comes
-- with its first job, at most one job of each other company goes before it; and between two jobs of a company that
-- waits at most two of each other. (Transactions that queue jobs of one company at once do not see each other, and
-- give the same rounds: as many more as there are such transactions at once.)

-- The round that the claims of a lane have come to.
create or replace function retrato.round_reached(lane smallint)
returns bigint
language plpgsql
as $$
begin
    if lane = 0 then
        return (select last_value from retrato.round_urgent);
    end if;
    return (select last_value from retrato.round_bulk);
end;
$$;

-- The round of a job that comes back and is not to wait: it was its turn before.
--
-- Whoever queues a job reads the round after its transaction has a number, not before. So claims know that nobody
-- queues behind a round that they had come to, once all older transactions have ended (store/floor.py).
create or replace function retrato.next_round(lane smallint)
returns bigint
language plpgsql
as $$
begin
    perform pg_catalog.pg_current_xact_id();
    if lane = 0 then
        return (select last_value + 1 from retrato.round_urgent);
    end if;
    return (select last_value + 1 from retrato.round_bulk);
end;
$$;

-- The first round in which a company has no job yet. *next*: the lane's next round.
create or replace function retrato.free_round(lane smallint, empresa_id text, next bigint)
returns bigint
language plpgsql
as $$
begin
    return greatest(
        next,
        (
            -- At this round and behind it nothing was claimed but by the claims that come to it just now.
            select j.round + 2
            from retrato.jobs j
            where
                j.state = 'queued'
                and not j.delayed
                and j.lane = free_round.lane
                and j.empresa_id = free_round.empresa_id
                and j.round >= next - 1
            order by j.round desc
            limit 1
        )
    );
end;
$$;

-- The claims have come to *round*. Never backwards: who does not get the lock leaves it to the one who has it.
create or replace function retrato.reach(lane smallint, round bigint)
returns bigint
language plpgsql
set search_path = ''
as $$
begin
    if
        retrato.round_reached(lane) < round
        and pg_catalog.pg_try_advisory_xact_lock({round_class}, lane)
        and retrato.round_reached(lane) < round
    then
        perform pg_catalog.setval(
            case lane when 0 then 'retrato.round_urgent' else 'retrato.round_bulk' end::pg_catalog.regclass, round
        );
    end if;
    return round;
end;
$$;

-- Jobs that were queued before there were rounds get theirs, in the order of their places: at most *most* of a lane's,
-- beginning behind the place *behind*. Returns the place of the last one, null when there was none.
create or replace function retrato.give_rounds(lane smallint, most integer, behind bigint)
returns bigint
language plpgsql
set search_path = ''
set enable_seqscan = off
set enable_nestloop = off
set jit = off
as $$
declare
    last_place bigint;
begin
    with roundless as materialized (
        select j.persona_id, j.empresa_id, j.place
        from retrato.jobs j
        where j.state = 'queued' and not j.delayed and j.lane = give_rounds.lane and j.round = 0 and j.place > behind
        order by j.place
        limit most
        for update skip locked
    ),
    in_rounds as materialized (
        select
            r.persona_id,
            company.round + 2 * (row_number() over (partition by r.empresa_id order by r.place) - 1) as round
        from roundless r
        join (
            select
                asked.empresa_id,
                retrato.free_round(give_rounds.lane, asked.empresa_id, retrato.next_round(give_rounds.lane)) as round
            from (select distinct empresa_id from roundless) asked
        ) company on company.empresa_id = r.empresa_id
    ),
    given as (
        update retrato.jobs j
        set round = in_rounds.round
        from in_rounds
        where
            j.persona_id = in_rounds.persona_id
            and j.persona_id = any(array(select persona_id from in_rounds))
    )
    select max(place) into last_place from roundless;
    return last_place;
end;
$$;
