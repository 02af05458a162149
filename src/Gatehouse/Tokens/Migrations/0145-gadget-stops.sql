create table gadget_stops (
  realm text not null,
  gadget text not null,
  at bigint not null,
  primary key (realm, gadget)
);
