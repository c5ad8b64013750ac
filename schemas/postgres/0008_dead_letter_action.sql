-- Who sent dead letters back or discarded them, when and why: a row per record of
-- media.dead-letter-actions.v1, written only by `freshet sink postgres`. Rows never change, so writing
-- one again is no change. `offsets` are those of the letters in their partition of
-- media.dead-letter.v1.
create table dead_letter_action (
  action_id uuid not null,
  part integer not null,
  action text not null check (action in ('redrive', 'discard')),
  done_by text not null,
  why text not null,
  done_at timestamptz not null,
  partition integer not null,
  offsets bigint[] not null,
  primary key (action_id, part)
);

create index dead_letter_action_done_at_idx on dead_letter_action (done_at);
