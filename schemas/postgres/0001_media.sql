-- The catalogue as rows: one per work, written only by `freshet sink postgres`, which takes a record
-- only when its revision is newer than the stored one. A work that is not live keeps its identity,
-- revision, status and times; every other column is null then.

create table image (
  identifier uuid primary key,
  created_on timestamptz not null,
  updated_on timestamptz not null,
  ingestion_type varchar(80),
  provider varchar(80) not null,
  source varchar(80),
  foreign_identifier varchar(3000) not null,
  foreign_landing_url varchar(1000),
  url varchar(3000),
  thumbnail varchar(3000),
  width integer,
  height integer,
  filesize integer,
  license varchar(50),
  license_version varchar(25),
  creator varchar(2000),
  creator_url varchar(2000),
  title varchar(5000),
  meta_data jsonb,
  tags jsonb,
  watermarked boolean,
  last_synced_with_source timestamptz,
  removed_from_source boolean generated always as (status = 'removed_at_source') stored,
  filetype varchar(5),
  category varchar(80),
  standardized_popularity double precision,
  revision bigint not null,
  status text not null check (status in ('live', 'duplicate', 'removed_at_source', 'blocked')),
  authority double precision,
  sensitivity text[],
  hidden_tags integer[],
  former_identifiers uuid[],
  duplicate_of text
);

create table audio (
  identifier uuid primary key,
  created_on timestamptz not null,
  updated_on timestamptz not null,
  ingestion_type varchar(80),
  provider varchar(80) not null,
  source varchar(80),
  foreign_identifier varchar(3000) not null,
  foreign_landing_url varchar(1000),
  url varchar(3000),
  thumbnail varchar(3000),
  filesize integer,
  license varchar(50),
  license_version varchar(25),
  creator varchar(2000),
  creator_url varchar(2000),
  title varchar(5000),
  meta_data jsonb,
  tags jsonb,
  watermarked boolean,
  last_synced_with_source timestamptz,
  removed_from_source boolean generated always as (status = 'removed_at_source') stored,
  filetype varchar(5),
  category varchar(80),
  duration integer,
  bit_rate integer,
  sample_rate integer,
  genres varchar(80)[],
  audio_set jsonb,
  set_position integer,
  alt_files jsonb,
  audio_set_foreign_identifier text,
  standardized_popularity double precision,
  revision bigint not null,
  status text not null check (status in ('live', 'duplicate', 'removed_at_source', 'blocked')),
  authority double precision,
  sensitivity text[],
  hidden_tags integer[],
  former_identifiers uuid[],
  duplicate_of text
);

-- The natural key; hashed because a foreign identifier may be longer than an index row.
create unique index image_provider_fid_idx on image (provider, md5(foreign_identifier));
create unique index audio_provider_fid_idx on audio (provider, md5(foreign_identifier));

-- Who has this URL? Not unique: ownership is the processor's decision, and two works that swap their
-- URLs must not fail a batch. A hash index has no limit on the length of the URL.
create index image_url_idx on image using hash (url);
create index audio_url_idx on audio using hash (url);

-- UUIDs that a migration brought along stay resolvable: `former_identifiers @> array[$1::uuid]`.
create index image_former_identifiers_idx on image using gin (former_identifiers)
  where former_identifiers is not null;
create index audio_former_identifiers_idx on audio using gin (former_identifiers)
  where former_identifiers is not null;

create index audio_set_idx on audio using hash (audio_set_foreign_identifier)
  where audio_set_foreign_identifier is not null;

-- Room on each page for an update in place: most updates touch no indexed column.
alter table image set (fillfactor = 90);
alter table audio set (fillfactor = 90);

create view image_live as select * from image where status = 'live';
create view audio_live as select * from audio where status = 'live';

-- One row per audio set of a provider; where its tracks disagree about it, the one updated last is
-- believed. A filter on foreign_identifier reaches the index through the `distinct on`.
create view audioset_view as
select distinct on (audio_set_foreign_identifier, provider)
  audio_set_foreign_identifier as foreign_identifier,
  provider,
  audio_set ->> 'title' as title,
  audio_set ->> 'foreign_landing_url' as foreign_landing_url,
  audio_set ->> 'creator' as creator,
  audio_set ->> 'creator_url' as creator_url,
  audio_set ->> 'url' as url,
  -- Leaves are text as a provider gave it: one bad number must not fail every query on the view.
  case when audio_set ->> 'filesize' ~ '^[0-9]{1,9}$' then (audio_set ->> 'filesize')::integer end
    as filesize,
  audio_set ->> 'filetype' as filetype,
  audio_set ->> 'thumbnail' as thumbnail
from audio
where status = 'live' and audio_set is not null and audio_set_foreign_identifier is not null
order by audio_set_foreign_identifier, provider, updated_on desc, identifier;
