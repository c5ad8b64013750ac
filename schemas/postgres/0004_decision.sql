-- Who decided what about a work, and why: one row per line of a decision's history, written only by
-- `freshet sink postgres` from the catalogue record. Lines never change and are never taken away, so
-- writing one again is no change, in whatever order records come.
create table decision (
  identifier uuid not null,
  kind text not null check (kind in ('takedown', 'sensitive', 'erase')),
  decision_id uuid not null,
  action text not null,
  decided_by text not null,
  why text not null,
  decided_at timestamptz not null,
  media_type text not null,
  provider varchar(80) not null,
  foreign_identifier varchar(3000) not null,
  primary key (identifier, kind, decision_id)
);

create index decision_decided_at_idx on decision (decided_at);

-- What holds now: per work and kind the last line, unless it is an undo.
create view decision_now as
select * from (
  select distinct on (identifier, kind) * from decision
  order by identifier, kind, decided_at desc, decision_id desc
) latest
where action <> 'undo';
