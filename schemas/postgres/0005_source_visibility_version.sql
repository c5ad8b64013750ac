-- Rows come from media.policy.v1 and carry the version of their rule, which guards them against
-- older writers. A row without one was made by hand and stays until policy says something of its source.
alter table source_visibility add column version bigint;
