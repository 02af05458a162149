create table saml_keys (
  id text not null,
  realm text not null,
-- sqlite:  sealed blob not null,
-- postgres:  sealed bytea not null,
  state text not null,
  slot text not null,
  created_at bigint not null,
  primary key (realm, id),
  unique (realm, slot)
);
