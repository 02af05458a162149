-- What an import last applied to a linked user (a hash), and why it disabled them: those, and no others, it enables again.
alter table user_links add column applied text;
alter table user_links add column barred text;
create table upstream_imports (
  upstream text primary key,
  realm text not null,
  holder text,
  held_until bigint not null,
  mark text,
  begun_at bigint not null,
  whole_at bigint not null,
  body text not null
);
create index upstream_imports_realm on upstream_imports (realm);
