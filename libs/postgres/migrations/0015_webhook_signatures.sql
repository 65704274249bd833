-- What deliveries are signed with can be replaced while they go out. An endpoint's secret that was replaced goes on
-- signing beside the new one until expires_at, and is deleted then; the newest has none.
alter table webhook_secrets add column expires_at timestamptz;
create unique index webhook_secrets_newest_idx on webhook_secrets (endpoint_id) where expires_at is null;
create index webhook_secrets_expires_idx on webhook_secrets (expires_at) where expires_at is not null;

-- Ed25519 signatures are made for endpoints that ask for them, beside the ones by secret, which every delivery has.
alter table webhook_endpoints
  add column signature_schemes text[] not null default '{v1}',
  add check (signature_schemes in ('{v1}'::text[], '{v1,v1a}'::text[]));

-- The keys of the service itself that those are made with: its own, not a tenant's. A new one is published for a while
-- before it signs, from signs_from on, for receivers keep a copy of the list; the one before is published for a while
-- after that, until published_until. The newest has no end.
create table webhook_signing_keys (
  id              text        primary key,
  public_key      text        not null,
  master_key_id   text        not null,
  box             jsonb       not null,
  created_at      timestamptz not null,
  signs_from      timestamptz not null,
  published_until timestamptz,
  check (published_until >= signs_from)
);
create unique index webhook_signing_keys_newest_idx on webhook_signing_keys ((true)) where published_until is null;

grant select, insert, update, delete on webhook_signing_keys to cvm_image_service_system;
alter table webhook_signing_keys enable row level security;
create policy all_rows on webhook_signing_keys to cvm_image_service_system using (true) with check (true);

-- Anybody may see the public halves, and nobody but the system the rows that they stand in.
create function published_webhook_keys(as_of timestamptz)
returns table (id text, public_key text, created_at timestamptz, signs_from timestamptz, published_until timestamptz)
language sql stable security definer set search_path from current
as $$
  select k.id, k.public_key, k.created_at, k.signs_from, k.published_until
  from webhook_signing_keys as k
  where k.published_until is null or k.published_until > as_of
  order by k.signs_from desc
$$;
revoke all on function published_webhook_keys(timestamptz) from public;
grant execute on function published_webhook_keys(timestamptz) to cvm_image_service_tenant, cvm_image_service_system;
