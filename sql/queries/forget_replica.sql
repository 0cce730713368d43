-- A replica that stops in peace takes its row along.
-- $1 replica uuid
delete from retrato.replicas
where id = $1::uuid
