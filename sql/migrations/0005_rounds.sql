-- The fair order is given when a job is queued, so that a claim reads one index from where the claims have come to.

-- The company's turn: its nth waiting job has the nth free round. 0 goes before all others: it was queued before there
-- were rounds (retrato.give_rounds).
alter table retrato.jobs add column round bigint not null default 0;

-- By lane: the round that the claims have come to. Sequences have no row versions, so no old snapshot makes them slow.
create sequence retrato.round_urgent minvalue 0;

create sequence retrato.round_bulk minvalue 0;

-- The claim reads this one from the round that it has come to. It must not begin with the company.
create index jobs_in_turn on retrato.jobs (lane, round, place) where state = 'queued' and not delayed;

-- For a company's last round, and for claims that want only one company.
create index jobs_of_company on retrato.jobs (lane, empresa_id, round, place) where state = 'queued' and not delayed;

drop index retrato.jobs_claimable;

-- Tokens only grow: who looks at the running jobs begins behind those that ended long ago.
create index jobs_by_token on retrato.jobs (token) where state = 'running';

drop index retrato.jobs_running;
