create table clients (
  id text not null,
  realm text not null,
-- sqlite:  client_id text not null,
-- postgres:  client_id text collate "C" not null,
  body text not null,
  primary key (realm, id)
);
create unique index clients_client_id on clients (realm, client_id);
create table client_secrets (
  realm text not null,
  client text not null,
-- sqlite:  hash blob not null,
-- postgres:  hash bytea not null,
  made_at bigint not null,
  ends_at bigint,
  primary key (realm, client, hash)
);
