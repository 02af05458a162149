create table seats (
  realm text not null,
  extension text not null,
  session_id text not null,
  user_id text not null,
  taken_at bigint not null,
  primary key (realm, extension)
);
create index seats_session on seats (realm, session_id);
create index seats_user on seats (realm, user_id);
