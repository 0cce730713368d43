-- Where each persona stands, for applications and for Retrato itself. It names columns of the application, which can
-- not be dropped or retyped while it is there: `retrato migrate --detach` takes it out of the way. Functions have the
-- same statement in their bodies, so that they go on without it.
create or replace view retrato.persona_status as
select * from {persona_states} s;
