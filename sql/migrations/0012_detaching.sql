-- Whether the triggers are out of the way of the application's own migrations, and for whose rows all that is
-- remembered was made.

alter table retrato.installation
    -- since when (`retrato migrate --detach`), null = attached
    add column detached_at timestamptz,
    -- the application's table of personas; as a name in dumps, so that a restored copy is the same table
    add column personas_table regclass;

insert into retrato.chores (chore) values ('forget');
