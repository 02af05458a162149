create table upstreams (
  id text not null,
  realm text not null,
  alias text not null,
  body text not null,
-- sqlite:  secrets blob not null,
-- postgres:  secrets bytea not null,
  primary key (realm, id)
);
create unique index upstreams_alias on upstreams (realm, alias);
create table federation_attempts (
  id text primary key,
  realm text not null,
-- sqlite:  body blob not null,
-- postgres:  body bytea not null,
  ends_at bigint not null
);
create index federation_attempts_ends on federation_attempts (ends_at);
