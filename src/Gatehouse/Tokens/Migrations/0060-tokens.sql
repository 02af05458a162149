create table codes (
  hash text primary key,
  realm text not null,
  body text not null,
  expires_at bigint not null,
  used_at bigint
);
create index codes_expires on codes (expires_at);
create table refresh_families (
  id text primary key,
  realm text not null,
  client_id text not null,
  user_id text not null,
  session_id text,
  scope text not null,
  nonce text,
  auth_time bigint,
  level text,
  code text,
  access_token text,
  created_at bigint not null,
  ends_at bigint not null,
  ended_at bigint,
  end_reason text
);
create index refresh_families_code on refresh_families (code) where code is not null;
create table refresh_tokens (
  hash text primary key,
  realm text not null,
  family text not null,
  expires_at bigint not null,
  used_at bigint,
-- sqlite:  answer blob
-- postgres:  answer bytea
);
create index refresh_tokens_family on refresh_tokens (family);
create index refresh_tokens_expires on refresh_tokens (expires_at);
create index refresh_tokens_answer on refresh_tokens (used_at) where answer is not null;
create table revocations (
  kind integer not null,
  realm text not null,
  value text not null,
  before bigint not null,
  ends_at bigint not null,
  primary key (kind, realm, value)
);
