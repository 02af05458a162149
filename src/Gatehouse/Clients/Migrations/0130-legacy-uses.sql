-- Who still uses a shared secret, with which value, for what: one row per client, route and method, counts added by all nodes.
create table legacy_uses (
  realm text not null,
  id text not null,
  secret text not null,
  slot text not null,
  address text not null,
  agent text not null,
  service text not null,
  route text not null,
  method text not null,
  times bigint not null,
  first_at bigint not null,
  last_at bigint not null,
  primary key (realm, id)
);
create index legacy_uses_last on legacy_uses (last_at);
