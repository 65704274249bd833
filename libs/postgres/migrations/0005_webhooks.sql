-- Where tenants want their events, and what became of each. Deliveries outlive their queue job: Redis may be lost, a
-- promised webhook may not.
create table webhook_endpoints (
  id            text        primary key,
  tenant_id     text        not null references tenants (id),
  url           text        not null,
  event_types   text[],
  account_ids   text[],
  description   text,
  status        text        not null default 'enabled' check (status in ('enabled', 'disabled')),
  master_key_id text        not null,
  secret_box    jsonb       not null,
  created_at    timestamptz not null,
  updated_at    timestamptz not null,
  deleted_at    timestamptz
);
create index webhook_endpoints_tenant_idx on webhook_endpoints (tenant_id, id) where deleted_at is null;

create table webhook_deliveries (
  id              text        primary key,
  tenant_id       text        not null references tenants (id),
  endpoint_id     text        not null references webhook_endpoints (id),
  event_id        text        not null references events (id),
  event_type      text        not null,
  subject         text        not null,
  event_position  bigint      not null,
  status          text        not null check (status in ('pending', 'delivered', 'failed')),
  attempts_made   integer     not null default 0,
  next_attempt_at timestamptz,
  created_at      timestamptz not null,
  unique (endpoint_id, event_id)
);
-- Only pending rows are searched by time and by the subject whose events wait for one another.
create index webhook_deliveries_pending_idx on webhook_deliveries (next_attempt_at) where status = 'pending';
create index webhook_deliveries_subject_idx on webhook_deliveries (endpoint_id, subject, event_position)
  where status = 'pending';
create index webhook_deliveries_endpoint_idx on webhook_deliveries (endpoint_id, id desc);

create table webhook_attempts (
  delivery_id   text        not null references webhook_deliveries (id),
  number        integer     not null,
  at            timestamptz not null,
  duration_ms   integer     not null,
  status_code   integer,
  error         text,
  response_body text,
  primary key (delivery_id, number)
);
