-- sqlite: insert into roles (id, realm, client, name, description) select lower(hex(randomblob(16))), realms.name, 'realm-management', r.name, null from realms, (select 'manage-authorization' as name union all select 'view-authorization') r where true on conflict do nothing;
-- postgres: insert into roles (id, realm, client, name, description) select gen_random_uuid()::text, realms.name, 'realm-management', r.name, null from realms, (select 'manage-authorization' as name union all select 'view-authorization') r where true on conflict do nothing;
insert into role_holders (realm, role_id, holder_kind, holder_id)
  select d.realm, d.id, 2, a.id from roles d join roles a on a.realm = d.realm and a.client = 'realm-management' and a.name = 'realm-admin'
  where d.client = 'realm-management' and d.name in ('manage-authorization', 'view-authorization') on conflict do nothing;
