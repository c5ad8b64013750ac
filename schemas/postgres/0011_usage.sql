-- How pages and API are used: a row per record of usage.events.v1, written only by `freshet sink usage`, and sums of these by
-- day, written in the same transaction. `day` is the UTC day of occurred_at; an event's id is unique within its day.
create table usage_event (
  event_id uuid not null,
  day date not null,
  type text not null,
  occurred_at timestamptz not null,
  received_at timestamptz not null,
  agent text not null,
  origin text not null,
  session_id uuid,
  search_id uuid,
  query text,
  media_type text,
  filters jsonb,
  result_id uuid,
  rank integer,
  page integer,
  source text,
  payload jsonb,
  primary key (day, event_id)
) partition by range (day);

-- Days that have or had a partition. A day that was dropped stays closed: reading its events again would count them twice.
create table usage_day (
  day date primary key,
  dropped_at timestamptz
);

-- What was counted, by day. Which measures there are, and what their labels mean: docs/sinks.md. The sink bounds both labels to
-- 200 characters, so that a row always fits the index.
create table usage_rollup (
  day date not null,
  measure text not null,
  label text not null,
  sublabel text not null,
  events bigint not null,
  primary key (day, measure, label, sublabel)
);

-- Sessions of a day, so that each is counted once.
create table usage_session (
  day date not null,
  session_id uuid not null,
  primary key (day, session_id)
);

-- Works shown and chosen among results, by hour: what usage.clicks.v1 says. rank -1: none was said.
create table usage_click (
  hour timestamptz not null,
  identifier uuid not null,
  rank integer not null,
  media_type text,
  impressions bigint not null,
  clicks bigint not null,
  is_said boolean not null default false,
  primary key (hour, identifier, rank)
);

create index usage_click_unsaid_idx on usage_click (hour, identifier) where not is_said;

-- Makes the partition of a day. False: the day was dropped.
create function usage_open_day(wanted date) returns boolean
language plpgsql security definer set search_path from current as $$
declare
  partition text := 'usage_event_' || to_char(wanted, 'YYYYMMDD');
begin
  perform pg_advisory_xact_lock(hashtext('freshet.usage_day'));
  insert into usage_day (day) values (wanted) on conflict do nothing;
  if exists (select from usage_day where day = wanted and dropped_at is not null) then
    return false;
  end if;
  if to_regclass(partition) is null then
    execute format('create table %I partition of usage_event for values from (%L) to (%L)', partition, wanted, wanted + 1);
  end if;
  return true;
end
$$;

-- Drops single events of the days before one, and of their sums all but the greatest of each measure: rare words that somebody
-- typed are not kept for good. What is cut is added up under the sublabel `other`. Returns the number of days.
create function usage_drop_days(before date, most integer) returns integer
language plpgsql security definer set search_path from current as $$
declare
  old date;
  dropped integer := 0;
begin
  perform pg_advisory_xact_lock(hashtext('freshet.usage_day'));
  for old in select day from usage_day where day < before and dropped_at is null order by day loop
    execute format('drop table if exists %I', 'usage_event_' || to_char(old, 'YYYYMMDD'));
    delete from usage_session where day = old;
    delete from usage_click where hour >= old::timestamp at time zone 'UTC' and hour < (old + 1)::timestamp at time zone 'UTC';
    with ranked as (
      select measure, label, sublabel, row_number() over (partition by measure order by events desc, label, sublabel) as place
      from usage_rollup where day = old
    ), tail as (
      delete from usage_rollup r using ranked k
      where r.day = old and r.measure = k.measure and r.label = k.label and r.sublabel = k.sublabel and k.place > most
      returning r.measure, r.events
    )
    insert into usage_rollup select old, measure, '', 'other', sum(events) from tail group by measure
      on conflict (day, measure, label, sublabel) do update set events = usage_rollup.events + excluded.events;
    update usage_day set dropped_at = now() where day = old;
    dropped := dropped + 1;
  end loop;
  return dropped;
end
$$;

-- They act with the rights of the tables' owner: operate/security/postgres.sql says who may.
revoke execute on function usage_open_day(date), usage_drop_days(date, integer) from public;
