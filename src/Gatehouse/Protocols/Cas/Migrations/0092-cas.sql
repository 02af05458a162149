create table cas_tickets (
  id text primary key,
  realm text not null,
-- sqlite:  body blob not null,
-- postgres:  body bytea not null,
  ends_at bigint not null
);
create index cas_tickets_ends on cas_tickets (ends_at);
create table cas_visits (
  id text primary key,
  realm text not null,
  session_id text not null,
-- sqlite:  body blob not null,
-- postgres:  body bytea not null,
  ends_at bigint not null
);
create index cas_visits_session on cas_visits (realm, session_id);
create index cas_visits_ends on cas_visits (ends_at);
