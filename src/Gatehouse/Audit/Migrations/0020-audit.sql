create table audit_events (
-- sqlite:  id integer primary key autoincrement,
-- postgres:  id bigint generated always as identity primary key,
  at bigint not null,
  realm text not null,
  type text not null,
  client text,
  user_id text,
  session_id text,
  address text,
  error text,
  resource text,
  details text
);
create index audit_events_realm on audit_events (realm, id);
create index audit_events_user on audit_events (realm, user_id, id);
create index audit_events_at on audit_events (at);
