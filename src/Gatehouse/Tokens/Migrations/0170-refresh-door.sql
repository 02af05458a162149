-- Which door of ours renews the family; null is the token endpoint.
alter table refresh_families add column door text;
