create table sessions (
  id text not null,
  realm text not null,
  user_id text not null,
  cookie text not null,
  body text not null,
  started_at bigint not null,
  last_used_at bigint not null,
  idle_ends_at bigint not null,
  ends_at bigint not null,
  primary key (realm, id)
);
create unique index sessions_cookie on sessions (cookie);
create index sessions_user on sessions (realm, user_id);
create index sessions_started on sessions (realm, started_at);
create index sessions_idle on sessions (idle_ends_at);
create table ended_sessions (
  realm text not null,
  id text not null,
  at bigint not null,
  primary key (realm, id)
);
create index ended_sessions_at on ended_sessions (at);
