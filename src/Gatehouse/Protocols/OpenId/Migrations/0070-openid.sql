create table used_assertions (
  realm text not null,
  client_id text not null,
  jti text not null,
  ends_at bigint not null,
  primary key (realm, client_id, jti)
);
create index used_assertions_ends on used_assertions (ends_at);
create table pushed_requests (
  id text primary key,
  realm text not null,
  client_id text not null,
  body text not null,
  ends_at bigint not null
);
create index pushed_requests_ends on pushed_requests (ends_at);
