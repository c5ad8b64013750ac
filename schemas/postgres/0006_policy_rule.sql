-- Rules of media.policy.v1 that the API reads, as `sink postgres` last read them: `sources`. A value of
-- JSON null: what is shipped holds again. The version guards a row against older writers.
create table policy_rule (
  rule varchar(200) primary key,
  version bigint not null,
  value jsonb not null
);
