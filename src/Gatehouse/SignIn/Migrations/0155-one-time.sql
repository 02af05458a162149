-- Second factors of people: an authenticator app's secret or a phone, sealed; confirmed by the first code that was right.
create table one_time_factors (
  realm text not null,
  user_id text not null,
  channel text not null,
  secret text not null,
  phone_hash text not null,
  confirmed bigint not null,
  made_at bigint not null,
  last_step bigint not null,
  wrong bigint not null,
  wrong_at bigint not null,
  primary key (realm, user_id)
);
create index one_time_factors_phone on one_time_factors (realm, phone_hash);
-- The one code of a user that counts, as a keyed hash.
create table one_time_codes (
  realm text not null,
  user_id text not null,
  hash text not null,
  ends_at bigint not null,
  primary key (realm, user_id)
);
-- What was sent, for the caps of the hour: to a user, a phone, a network.
create table one_time_sends (
  id text primary key,
  realm text not null,
  subject text not null,
  at bigint not null
);
create index one_time_sends_subject on one_time_sends (realm, subject, at);
create index one_time_sends_at on one_time_sends (at);
-- Who proved the first factor a moment ago, from which network.
create table one_time_pending (
  realm text not null,
  user_id text not null,
  network text not null,
  ends_at bigint not null,
  primary key (realm, user_id, network)
);
create index one_time_pending_ends on one_time_pending (ends_at);
