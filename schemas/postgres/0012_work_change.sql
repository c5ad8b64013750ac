-- The change feed: an entry for each time that a work became visible, changed, or went away, kept for
-- 30 days. Triggers write it in the transaction of the rows, whoever writes these, so that no change can
-- be missing. docs/adr/0026-changes-are-read-behind-the-oldest-transaction.md says in which order they
-- are read.
create table work_change (
  xid xid8 not null default pg_current_xact_id(),
  number bigint generated always as identity,
  media_type text not null,  -- image, audio; source: one was hidden or shown by hand
  identifier uuid,
  revision bigint not null,
  was_live boolean not null,
  is_live boolean not null,
  status text not null,
  was_source varchar(80),
  was_license varchar(50),
  source varchar(80),
  license varchar(50),
  changed_at timestamptz not null default clock_timestamp(),
  primary key (xid, number)
);

-- Where the feed begins, and which feed it is: positions of another database mean nothing here.
create table work_change_start (
  is_only boolean primary key default true check (is_only),
  epoch text not null default left(encode(uuid_send(gen_random_uuid()), 'hex'), 12),
  xid xid8 not null default pg_current_xact_id(),
  number bigint not null default 0
);
insert into work_change_start default values;

-- The rights of who owns them, so that who writes rows needs none on the feed. A sink's session forbids
-- the joins that are best here.
create function log_new_works() returns trigger language plpgsql security definer
set search_path from current as $$
begin
  insert into work_change (media_type, identifier, revision, was_live, is_live, status, source, license)
  select tg_table_name, identifier, revision, false, true, status, source, license
  from new_rows where status = 'live';
  return null;
end
$$;

create function log_changed_works() returns trigger language plpgsql security definer
set search_path from current set enable_hashjoin = on as $$
begin
  insert into work_change (media_type, identifier, revision, was_live, is_live, status, was_source,
    was_license, source, license)
  select tg_table_name, n.identifier, n.revision, o.status = 'live', n.status = 'live', n.status, o.source,
    o.license, n.source, n.license
  from new_rows n join old_rows o on o.identifier = n.identifier
  where o.status = 'live' or n.status = 'live';
  return null;
end
$$;

create function log_deleted_works() returns trigger language plpgsql security definer
set search_path from current as $$
begin
  insert into work_change (media_type, identifier, revision, was_live, is_live, status, was_source, was_license)
  select tg_table_name, identifier, revision, true, false, 'deleted', source, license
  from old_rows where status = 'live';
  return null;
end
$$;

create function log_source_visibility() returns trigger language plpgsql security definer
set search_path from current as $$
declare
  was boolean := tg_op <> 'INSERT' and old.hidden;
  now_hidden boolean := tg_op <> 'DELETE' and new.hidden;
begin
  if was <> now_hidden then
    insert into work_change (media_type, revision, was_live, is_live, status, source)
    values ('source', 0, not was, not now_hidden, case when now_hidden then 'hidden' else 'shown' end,
      case when tg_op = 'DELETE' then old.source else new.source end);
  end if;
  return null;
end
$$;

create trigger image_inserted after insert on image referencing new table as new_rows
  for each statement execute function log_new_works();
create trigger image_updated after update on image referencing old table as old_rows new table as new_rows
  for each statement execute function log_changed_works();
create trigger image_deleted after delete on image referencing old table as old_rows
  for each statement execute function log_deleted_works();
create trigger audio_inserted after insert on audio referencing new table as new_rows
  for each statement execute function log_new_works();
create trigger audio_updated after update on audio referencing old table as old_rows new table as new_rows
  for each statement execute function log_changed_works();
create trigger audio_deleted after delete on audio referencing old table as old_rows
  for each statement execute function log_deleted_works();
create trigger source_visibility_changed after insert or update or delete on source_visibility
  for each row execute function log_source_visibility();

-- Forgets entries that are older than `age`, at most `most` of the oldest, and says how many it forgot.
-- The start moves with them, so that a reader who stands before it is told instead of missing something.
create function forget_work_changes(age interval, most integer) returns bigint language plpgsql
security definer set search_path from current as $$
declare
  forgotten bigint;
begin
  if not pg_try_advisory_xact_lock(hashtext('forget_work_changes')) then
    return 0;
  end if;
  with oldest as (
    select xid, number, changed_at from work_change
    where xid < pg_snapshot_xmin(pg_current_snapshot()) order by xid, number limit most
  ), gone as (
    delete from work_change c using oldest o
    where c.xid = o.xid and c.number = o.number and o.changed_at < clock_timestamp() - age
    returning c.xid, c.number
  ), last as (
    select xid, number from gone order by xid desc, number desc limit 1
  ), moved as (
    update work_change_start s set xid = last.xid, number = last.number from last
    where (s.xid, s.number) < (last.xid, last.number)
  )
  select count(*) into forgotten from gone;
  return forgotten;
end
$$;
revoke all on function forget_work_changes(interval, integer) from public;

-- A live work as the feed and dumps give it: what is public of its row, and nothing else.
create view image_public as
select
  identifier as id, 'image' as media_type, revision, provider, source, foreign_identifier, title, creator,
  creator_url, foreign_landing_url, url, thumbnail, license, license_version, category, filetype, filesize,
  width, height,
  case when jsonb_typeof(tags) = 'array' then (
    select coalesce(jsonb_agg(t.tag order by t.n), '[]')
    from jsonb_array_elements(tags) with ordinality t (tag, n)
    where hidden_tags is null or not (t.n - 1)::integer = any (hidden_tags)) else '[]' end as tags,
  meta_data, coalesce(sensitivity, '{}') as sensitivity, standardized_popularity,
  to_char(created_on at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_on,
  to_char(updated_on at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as updated_on,
  to_char(last_synced_with_source at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_seen_at,
  former_identifiers
from image where status = 'live';

create view audio_public as
select
  identifier as id, 'audio' as media_type, revision, provider, source, foreign_identifier, title, creator,
  creator_url, foreign_landing_url, url, thumbnail, license, license_version, category, filetype, filesize,
  duration, bit_rate, sample_rate, genres, audio_set, set_position, alt_files,
  case when jsonb_typeof(tags) = 'array' then (
    select coalesce(jsonb_agg(t.tag order by t.n), '[]')
    from jsonb_array_elements(tags) with ordinality t (tag, n)
    where hidden_tags is null or not (t.n - 1)::integer = any (hidden_tags)) else '[]' end as tags,
  meta_data, coalesce(sensitivity, '{}') as sensitivity, standardized_popularity,
  to_char(created_on at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_on,
  to_char(updated_on at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as updated_on,
  to_char(last_synced_with_source at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as last_seen_at,
  former_identifiers
from audio where status = 'live';
