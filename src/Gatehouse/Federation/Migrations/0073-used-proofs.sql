create table used_proofs (
  id text primary key,
  realm text not null,
  ends_at bigint not null
);
create index used_proofs_ends on used_proofs (ends_at);
