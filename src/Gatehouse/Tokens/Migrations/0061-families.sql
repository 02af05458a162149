alter table codes add column replayed_at bigint;
alter table refresh_families add column renewed_at bigint;
alter table refresh_families drop column access_token;
