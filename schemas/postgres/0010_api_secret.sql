-- What servers of this catalogue share and nobody else knows: `freshet api` signs cursors with it. 32
-- bytes, 244 of their bits random. Who replaces it makes every cursor that was given out invalid:
--   update api_secret set secret = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
create table api_secret (
  name text primary key,
  secret bytea not null
);

insert into api_secret values ('cursor', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
