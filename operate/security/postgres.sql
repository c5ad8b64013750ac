-- What each role may do in PostgreSQL, and no more: docs/security.md. As the owner of the database, once, and again after
-- each `freshet schema apply` that brought a migration:
--   psql -v ON_ERROR_STOP=1 -d freshet -f operate/security/postgres.sql
-- The roles are made without a password; `\password freshet_sink` gives one. Repeating it changes nothing.
--   freshet_schema   owns the tables: `freshet schema apply`
--   freshet_sink     `freshet sink postgres`
--   freshet_api      `freshet api`
--   freshet_operate  people: stats, explain, decide, replay

begin;

do $$
declare
  name text;
begin
  foreach name in array array['freshet_schema', 'freshet_sink', 'freshet_api', 'freshet_operate'] loop
    if not exists (select from pg_roles where rolname = name) then
      execute format('create role %I login nosuperuser nocreatedb nocreaterole', name);
    end if;
  end loop;
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to freshet_schema, freshet_sink, freshet_api, freshet_operate', current_database());
  -- A batch is staged in a temporary table.
  execute format('grant temporary on database %I to freshet_sink', current_database());
end
$$;

revoke all on schema public from public;
grant usage, create on schema public to freshet_schema;
grant usage on schema public to freshet_sink, freshet_api, freshet_operate;

-- Reads all: what was written, and how far the sink is. Moves offsets (`freshet replay sink.postgres`), closes reports, says what
-- applications may do, and nothing else.
grant select on all tables in schema public to freshet_operate;

-- But for what servers sign with. The sink forgets old changes.
do $$
begin
  if to_regproc('forget_work_changes') is not null then
    grant execute on function forget_work_changes(interval, integer) to freshet_sink;
  end if;
  if to_regclass('api_secret') is not null then
    revoke all on api_secret from freshet_operate;
  end if;
end
$$;

do $$
declare
  grants text[][] := array[
    ['image', 'freshet_sink', 'select, insert, update'],
    ['audio', 'freshet_sink', 'select, insert, update'],
    ['decision', 'freshet_sink', 'select, insert'],
    ['dead_letter_action', 'freshet_sink', 'select, insert'],
    ['sink_offsets', 'freshet_sink', 'select, insert, update'],
    ['source_visibility', 'freshet_sink', 'select, insert, update, delete'],
    ['policy_rule', 'freshet_sink', 'select, insert, update'],
    ['usage_event', 'freshet_sink', 'select, insert'],
    ['usage_rollup', 'freshet_sink', 'select, insert, update'],
    ['usage_session', 'freshet_sink', 'select, insert'],
    ['usage_click', 'freshet_sink', 'select, insert, update'],
    ['image_live', 'freshet_api', 'select'],
    ['audio_live', 'freshet_api', 'select'],
    ['audioset_view', 'freshet_api', 'select'],
    ['source_visibility', 'freshet_api', 'select'],
    ['policy_rule', 'freshet_api', 'select'],
    ['api_secret', 'freshet_api', 'select'],
    ['work_change', 'freshet_api', 'select'],
    ['work_change_start', 'freshet_api', 'select'],
    ['image_public', 'freshet_api', 'select'],
    ['audio_public', 'freshet_api', 'select'],
    ['api_application', 'freshet_api', 'select, insert, update'],
    ['api_verification', 'freshet_api', 'select, insert, delete'],
    ['api_token', 'freshet_api', 'select, insert, update, delete'],
    ['report', 'freshet_api', 'select, insert, update'],
    ['audio_peaks', 'freshet_api', 'select, insert, update'],
    ['api_application', 'freshet_operate', 'update'],
    ['report', 'freshet_operate', 'update'],
    ['sink_offsets', 'freshet_operate', 'select, insert, update']];
  one text[];
begin
  foreach one slice 1 in array grants loop
    -- Before the first `freshet schema apply` there are no tables.
    if to_regclass(one[1]) is not null then
      execute format('grant %s on %I to %I', one[3], one[1], one[2]);
    end if;
  end loop;
  -- Partitions are made and dropped by functions that act as the tables' owner.
  if to_regprocedure('usage_open_day(date)') is not null then
    grant execute on function usage_open_day(date), usage_drop_days(date, integer) to freshet_sink;
  end if;
end
$$;

commit;
