-- Isolation said a second time, by the database: every query of a tenant's rows names the tenant, and a query that ever
-- forgot to would find nothing. The apps act in one of two roles, whoever they log in as: as one tenant, in a transaction
-- that says which (`cvm.tenant_id`), or as the system, which serves all of them. Neither owns a table, alters one, or
-- changes what the audit log says.
--
-- Roles belong to the whole cluster, so another database of it may have made them, or may be making them just now.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['cvm_image_service_tenant', 'cvm_image_service_system'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin', wanted);
      exception
        when duplicate_object or unique_violation then null;
        when insufficient_privilege then
          raise exception 'the role "%" is missing, and % may not create it', wanted, current_user
            using hint = format('Have it created once, by a superuser: create role %I nologin; grant %I to %I with admin option;', wanted, wanted, current_user);
      end;
    end if;
    -- Whoever migrates is who the apps log in as where only one URL is set. A superuser needs no membership.
    if not pg_has_role(current_user, wanted, 'member') then
      execute format('grant %I to %I', wanted, current_user);
    end if;
    execute format('grant usage on schema %I to %I', current_schema(), wanted);
  end loop;
end
$$;

-- So that a secret is bound to its tenant like everything else.
alter table webhook_secrets add column tenant_id text references tenants (id);
update webhook_secrets set tenant_id = e.tenant_id from webhook_endpoints as e where e.id = endpoint_id;
alter table webhook_secrets alter column tenant_id set not null;

grant select on kysely_migration, kysely_migration_lock to cvm_image_service_tenant, cvm_image_service_system;

grant select, insert, update on
  tenants, api_keys, accounts, credentials, image_requests, attempts, events, event_sequences,
  webhook_endpoints, webhook_secrets, webhook_deliveries, webhook_attempts
to cvm_image_service_system;
grant delete on credentials, webhook_secrets to cvm_image_service_system;
grant select, insert on audit_entries to cvm_image_service_system;

grant select on tenants, attempts, webhook_attempts to cvm_image_service_tenant;
grant select, insert on events, audit_entries to cvm_image_service_tenant;
grant select, insert, update on
  api_keys, accounts, credentials, image_requests, webhook_endpoints, webhook_secrets, webhook_deliveries
to cvm_image_service_tenant;
grant delete on credentials, webhook_secrets to cvm_image_service_tenant;

do $$
declare
  rule record;
begin
  for rule in
    select * from (values
      ('tenants', 'id = %s'),
      ('api_keys', 'tenant_id = %s'),
      ('accounts', 'tenant_id = %s'),
      ('credentials', 'tenant_id = %s'),
      ('image_requests', 'tenant_id = %s'),
      ('attempts', 'tenant_id = %s'),
      ('events', 'tenant_id = %s'),
      ('event_sequences', 'tenant_id = %s'),
      ('webhook_endpoints', 'tenant_id = %s'),
      ('webhook_secrets', 'tenant_id = %s'),
      ('webhook_deliveries', 'tenant_id = %s'),
      ('webhook_attempts', 'exists (select from webhook_deliveries as d where d.id = delivery_id and d.tenant_id = %s)'),
      ('audit_entries', 'tenant_id = %s')
    ) as rules (table_name, of_tenant)
  loop
    execute format('alter table %I enable row level security', rule.table_name);
    execute format('create policy all_rows on %I to cvm_image_service_system using (true) with check (true)', rule.table_name);
    execute format(
      'create policy rows_of_tenant on %I to cvm_image_service_tenant using (%s)',
      rule.table_name, format(rule.of_tenant, 'current_setting(''cvm.tenant_id'', true)')
    );
  end loop;
end
$$;

-- Who holds a key can be asked by whoever has the key, before anybody knows whose it is: one row, by the whole hash.
create function held_api_key(presented_hash bytea)
returns table (
  id text, tenant_id text, name text, scopes text[], prefix text, created_at timestamptz, expires_at timestamptz,
  revoked_at timestamptz, last_used_at timestamptz, tenant_name text, tenant_status text
)
language sql stable security definer set search_path from current
as $$
  select k.id, k.tenant_id, k.name, k.scopes, k.prefix, k.created_at, k.expires_at, k.revoked_at, k.last_used_at,
    t.name, t.status
  from api_keys as k join tenants as t on t.id = k.tenant_id
  where k.hash = presented_hash
$$;
revoke all on function held_api_key(bytea) from public;
grant execute on function held_api_key(bytea) to cvm_image_service_tenant, cvm_image_service_system;
