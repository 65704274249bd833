-- Who may call. Of an API key only its SHA-256 is kept: the key is 256 random bits, so the hash can neither be guessed
-- nor turned back, and it is what a call is looked up by.
create table tenants (
  id         text        primary key,
  name       text        not null,
  status     text        not null default 'active' check (status in ('active', 'suspended')),
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table api_keys (
  id           text        primary key,
  tenant_id    text        not null references tenants (id),
  name         text        not null,
  scopes       text[]      not null,
  prefix       text        not null,
  hash         bytea       not null unique,
  created_at   timestamptz not null,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz
);
create index api_keys_tenant_idx on api_keys (tenant_id, id);
