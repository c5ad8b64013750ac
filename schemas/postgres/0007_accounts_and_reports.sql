-- Applications that use the API, written by `freshet api` and `freshet applications`. Of secrets, tokens
-- and codes only digests (SHA-256 in hexadecimal) are kept: who reads these tables can use none of them.
create table api_application (
  client_id varchar(40) primary key,
  secret_digest char(64) not null,
  name varchar(150) not null,
  description varchar(10000) not null,
  email varchar(254) not null,
  rate_limit_model text not null default 'standard'
    check (rate_limit_model in ('standard', 'enhanced', 'exempt')),
  privileges text[] not null default '{}',
  verified boolean not null default false,
  revoked boolean not null default false,
  created_at timestamptz not null default now()
);

-- Names are compared without case, so that nobody passes for another.
create unique index api_application_name_idx on api_application (lower(name));

-- Codes that confirm an address, each until it was used.
create table api_verification (
  code_digest char(64) primary key,
  client_id varchar(40) not null references api_application on delete cascade,
  created_at timestamptz not null default now()
);

create table api_token (
  token_digest char(64) primary key,
  client_id varchar(40) not null references api_application on delete cascade,
  expires_at timestamptz not null
);

create index api_token_expires_at_idx on api_token (expires_at);
create index api_token_client_id_idx on api_token (client_id);

-- What people report about works. Key and media type are those that the work had then: the row outlives
-- the work's own. `freshet api` says each on media.reports.v1, and notes when.
create table report (
  id bigint generated always as identity primary key,
  media_type text not null check (media_type in ('image', 'audio')),
  identifier uuid not null,
  provider varchar(80) not null,
  foreign_identifier varchar(3000) not null,
  reason text not null check (reason in ('mature', 'dmca', 'other')),
  description varchar(500),
  reported_at timestamptz not null default now(),
  announced_at timestamptz,
  closed_at timestamptz,
  closed_by varchar(200),
  -- takedown, sensitive or erase; or `dismissed`: there was nothing to decide.
  outcome text check (outcome in ('takedown', 'sensitive', 'erase', 'dismissed')),
  note varchar(1000),
  check ((closed_at is null) = (outcome is null) and (closed_at is null) = (closed_by is null))
);

create index report_open_idx on report (identifier) where closed_at is null;
create index report_unannounced_idx on report (id) where announced_at is null;
