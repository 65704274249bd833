-- A Tencent Cloud account or sub-account that a tenant lets us act for. uin and user_id are the identity that the cloud
-- itself named (sts:GetCallerIdentity); lanes hang on it, since the cloud counts by it and not by our account.
create table accounts (
  id          text        primary key,
  tenant_id   text        not null references tenants (id),
  name        text        not null,
  site        text        not null check (site in ('intl', 'china')),
  status      text        not null default 'active' check (status in ('active', 'disabled')),
  uin         text        not null,
  user_id     text        not null,
  arn         text        not null,
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  deleted_at  timestamptz
);
create index accounts_tenant_idx on accounts (tenant_id, id) where deleted_at is null;

-- The sealed credential of an account: a data key wrapped by a master key (its id stands beside it), and the secret
-- sealed by the data key. Destroying the row destroys the data key, so a backup of the master key alone opens nothing.
create table credentials (
  account_id     text        primary key references accounts (id),
  tenant_id      text        not null references tenants (id),
  type           text        not null check (type in ('static', 'assumeRole')),
  version        integer     not null check (version > 0),
  secret_id_hint text,
  role_arn       text,
  external_id    text,
  master_key_id  text,
  box            jsonb,
  rotated_at     timestamptz not null,
  check ((box is null) = (master_key_id is null))
);
create index credentials_master_key_idx on credentials (master_key_id);
