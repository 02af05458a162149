-- What was asked for at which resource server, when the family's tokens tell of permissions.
alter table refresh_families add column audience text;
alter table refresh_families add column permissions text;
