create table user_links (
  realm text not null,
  upstream text not null,
  subject text not null,
  user_id text not null,
  username text,
  granted text not null,
  linked_at bigint not null,
  primary key (realm, upstream, subject)
);
create index user_links_user on user_links (realm, user_id);
