create table client_authorization (
  realm text not null,
  client text not null,
  version bigint not null,
  body text not null,
  primary key (realm, client)
);
