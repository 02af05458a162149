-- Who would have been refused, and why: one row per group, counts added by all nodes.
create table observed (
  realm text not null,
  id text not null,
  service text not null,
  rule text not null,
  reason text not null,
  missing text not null,
  kind text not null,
  name text not null,
  agent text not null,
  method text not null,
  path text not null,
  times bigint not null,
  first_at bigint not null,
  last_at bigint not null,
  acknowledged_at bigint,
  acknowledged_by text,
  note text,
  primary key (realm, id)
);
create index observed_last on observed (realm, last_at);

-- All requests of what is observed, by the hour (unix time / 3,600,000 ms).
create table observed_hours (
  realm text not null,
  service text not null,
  rule text not null,
  hour bigint not null,
  passed bigint not null,
  refused bigint not null,
  until_at bigint not null,
  primary key (realm, service, rule, hour)
);
