-- The queue, the versions, the attempts, the legs and the replicas.
-- Runs once; frozen by its hash (sql/migrations/frozen.sha256). Names follow DESIGN: persona, empresa, leg, attempt.

create schema if not exists retrato;

revoke all on schema retrato from public;

-- The fence: every claim takes a new number from here, and every later write names it.
create sequence retrato.tokens;

-- The order inside one company: every time that a job becomes runnable it takes a new place.
create sequence retrato.places;

create table retrato.jobs (
    persona_id text collate "C" primary key,
    empresa_id text collate "C" not null check (empresa_id <> ''),
    state text not null default 'queued' check (state in ('queued', 'running', 'failed')),
    -- true while the job waits for run_at outside the claim's index, so that waiting jobs cost a claim nothing
    delayed boolean not null default false,
    run_at timestamptz not null default now(),
    -- 0 goes first (a person waits for it), 1 is bulk work
    lane smallint not null default 1 check (lane in (0, 1)),
    place bigint not null default nextval('retrato.places'),
    -- counts the requests for this persona; compared at write-back
    generation integer not null default 1,
    -- failed runs of the whole job
    attempts integer not null default 0,
    -- times that a replica died with this job in hand
    takeovers integer not null default 0,
    token bigint,
    replica_id uuid,
    -- in no index: heartbeats stay HOT
    lease_until timestamptz,
    -- what is being drawn; written before the first paid call, so that a successor draws the same
    version integer,
    redraw integer,
    seed bigint,
    last_fault text,
    last_error text,
    requested_at timestamptz not null default now(),
    started_at timestamptz,
    constraint running_means_leased check (
        (state = 'running') = (token is not null and replica_id is not null and lease_until is not null)
    )
) with (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0
);

-- The claim walks this index from company to company; nothing else may make it larger. No other index may begin with
-- the company: the planner would take it for the walk and read whole backlogs.
create index jobs_claimable on retrato.jobs (lane, empresa_id, place) where state = 'queued' and not delayed;

create index jobs_delayed on retrato.jobs (run_at) where state = 'queued' and delayed;

create index jobs_running on retrato.jobs (replica_id) where state = 'running';

-- One finished version a row. The newest is the persona's avatar.
create table retrato.avatars (
    persona_id text collate "C" not null,
    version integer not null check (version > 0),
    empresa_id text collate "C" not null,
    -- the fence of the claim that drew it: tells after a lost reply whether the write took place
    token bigint not null unique,
    generation integer not null,
    image_key text not null,
    thumbnail_key text not null,
    image_url text not null,
    thumbnail_url text not null,
    sha256 text not null,
    image_bytes integer not null,
    width integer not null,
    height integer not null,
    provider text not null,
    leg text not null,
    model text not null,
    prompt text not null,
    seed bigint,
    redraw integer not null default 0,
    steps integer,
    guidance real,
    cost_usd numeric(12, 6),
    attempts integer not null,
    took_s real not null,
    created_at timestamptz not null default now(),
    primary key (persona_id, version)
);

create index avatars_by_empresa on retrato.avatars (empresa_id, created_at);

-- One call to one provider a row, committed before the call.
create table retrato.attempts (
    id bigint generated always as identity primary key,
    persona_id text collate "C" not null,
    empresa_id text collate "C" not null,
    version integer not null,
    token bigint not null,
    provider text not null,
    leg text not null,
    model text not null,
    seed bigint not null,
    redraw integer not null,
    state text not null default 'sending' check (state in ('sending', 'succeeded', 'failed')),
    fault text,
    error text,
    -- the provider's own id, kept as soon as it is known: with it a paid request is resumed, not repeated
    request_id text,
    -- the stored picture, kept before the write-back
    image_key text,
    sha256 text,
    cost_usd numeric(12, 6),
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz
);

create index attempts_by_persona on retrato.attempts (persona_id, id);

create index attempts_by_leg on retrato.attempts (leg, started_at);

-- One leg a row: its breaker, shared by all replicas.
create table retrato.legs (
    leg text primary key,
    faults_in_row integer not null default 0,
    closed_until timestamptz,
    last_fault text,
    reason text,
    succeeded_at timestamptz,
    failed_at timestamptz
) with (fillfactor = 50);

-- The persona pace: one row for all replicas. Locked for the length of one claim.
create table retrato.pace (
    singleton boolean primary key default true check (singleton),
    next_at timestamptz not null default 'epoch',
    -- by lane: the company served last; the next claim goes on behind it
    positions text[] collate "C" not null default array['', '']
) with (fillfactor = 50);

insert into retrato.pace default values;

-- One row per live replica, written before it works. The id is random per start.
create table retrato.replicas (
    id uuid primary key,
    -- second half of the advisory lock that the replica's LISTEN connection holds
    lock_key integer not null,
    -- false where no session lock can be had (a transaction pooler): then the lease alone decides
    locks boolean not null,
    version text not null,
    started_at timestamptz not null default now(),
    last_seen timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

-- What is installed beside the migrations.
create table retrato.installation (
    singleton boolean primary key default true check (singleton),
    installed_at timestamptz not null default now(),
    triggers_sha256 text not null default ''
);

insert into retrato.installation default values;
