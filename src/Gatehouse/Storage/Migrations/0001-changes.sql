create table changes (
-- sqlite:  seq integer primary key autoincrement,
-- postgres:  seq bigint generated always as identity primary key,
  at bigint not null,
  kind text not null,
  realm text not null,
  subject text not null,
  detail text
);
