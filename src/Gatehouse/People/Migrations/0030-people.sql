-- PostgreSQL: names sort by code point, as in SQLite, whatever the locale of the database is or becomes.
create table realms (name text primary key, body text not null);
create table users (
  id text not null,
  realm text not null,
-- sqlite:  username text not null,
-- postgres:  username text collate "C" not null,
  email text,
  email_verified boolean not null,
  first_name text,
  last_name text,
  enabled boolean not null,
  attributes text not null,
  created_at bigint not null,
  not_before bigint,
  search text not null,
  primary key (realm, id)
);
create unique index users_name on users (realm, username);
create unique index users_email on users (realm, email) where email is not null;
create table passwords (
  realm text not null,
  user_id text not null,
  hash text not null,
  temporary boolean not null,
  set_at bigint not null,
  primary key (realm, user_id)
);
create table people_groups (
  id text not null,
  realm text not null,
  name text not null,
  parent text,
-- sqlite:  path text not null,
-- postgres:  path text collate "C" not null,
  attributes text not null,
  primary key (realm, id)
);
create unique index people_groups_path on people_groups (realm, path);
create table group_members (
  realm text not null,
  group_id text not null,
  user_id text not null,
  primary key (realm, group_id, user_id)
);
create index group_members_user on group_members (realm, user_id);
create table roles (
  id text not null,
  realm text not null,
  client text not null,
-- sqlite:  name text not null,
-- postgres:  name text collate "C" not null,
  description text,
  primary key (realm, id)
);
create unique index roles_name on roles (realm, client, name);
create table role_holders (
  realm text not null,
  role_id text not null,
  holder_kind integer not null,
  holder_id text not null,
  primary key (realm, holder_kind, holder_id, role_id)
);
create index role_holders_role on role_holders (realm, role_id);
create index role_holders_composite on role_holders (holder_kind, holder_id);
