create table interactions (
  id text primary key,
  realm text not null,
  body text not null,
  ends_at bigint not null
);
create index interactions_ends on interactions (ends_at);
