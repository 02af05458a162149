-- When a linked person last signed in by the provider, and a hash of the password that it then found right: for the time when it is down, and only where its settings say so.
alter table user_links add column seen_at bigint not null default 0;
alter table user_links add column seen_hash text;
