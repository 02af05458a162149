create table saml_participants (
  realm text not null,
  session_id text not null,
  client text not null,
  name_id text not null,
  ends_at bigint not null,
  primary key (realm, session_id, client)
);
create index saml_participants_name on saml_participants (realm, client, name_id);
create index saml_participants_ends on saml_participants (ends_at);
