create table dialog_projects (
  realm text not null,
  name text not null,
  body text not null,
  primary key (realm, name)
);
create table dialogs (
  realm text not null,
  id text not null,
  project text not null,
  source text not null,
  started_at bigint not null,
  alive_until bigint not null,
  ended_at bigint not null,
  hard_until bigint not null,
  frozen_at bigint not null,
  headroom bigint not null,
  over_at bigint not null,
  primary key (realm, id)
);
create index dialogs_over on dialogs (over_at);
create index dialogs_started on dialogs (realm, started_at desc, id);
