alter table sessions add column upstream_session text;
create index sessions_upstream on sessions (realm, upstream_session);
