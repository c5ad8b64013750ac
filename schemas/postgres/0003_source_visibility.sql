-- Sources shown or hidden by hand. A row beats the `hidden` of the source registry; hiding is a filter
-- at query time, so no work is written.
create table source_visibility (
  source varchar(80) primary key,
  hidden boolean not null,
  decided_at timestamptz not null default now(),
  decided_by text,
  reason text
);
