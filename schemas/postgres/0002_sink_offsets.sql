-- How far each sink has read, moved in the same transaction as the rows: a restart resumes here, and
-- Kafka's own record of the group only shows the lag. `sink` is the consumer group and `topic` the
-- topic, both as the broker names them (with the prefix); `next_offset` is the next one to read.
create table sink_offsets (
  sink text not null,
  topic text not null,
  partition integer not null,
  next_offset bigint not null,
  primary key (sink, topic, partition)
);
