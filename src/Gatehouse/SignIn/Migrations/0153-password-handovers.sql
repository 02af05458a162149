create table password_handovers (
  realm text not null,
  user_id text not null,
  client text not null,
  hash text not null,
  uses bigint not null,
  ends_at bigint not null,
  primary key (realm, user_id, client)
);
create index password_handovers_ends on password_handovers (ends_at);
