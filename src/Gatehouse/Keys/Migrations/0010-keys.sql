create table root_check (
  id integer primary key,
-- sqlite:  sealed blob not null
-- postgres:  sealed bytea not null
);
create table signing_keys (
  kid text not null,
  realm text not null,
  algorithm text not null,
-- sqlite:  sealed blob not null,
-- postgres:  sealed bytea not null,
  created_at bigint not null,
  use_from bigint not null,
  slot text not null,
  primary key (realm, kid),
  unique (realm, algorithm, slot)
);
