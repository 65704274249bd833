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
  created_at    timestamptz not null,
  updated_at    timestamptz not null,
  deleted_at    timestamptz
);
create index webhook_endpoints_tenant_idx on webhook_endpoints (tenant_id, id) where deleted_at is null;

-- What an endpoint's deliveries are signed with: a table of its own, since two versions sign side by side while one
-- replaces the other. Deleting an endpoint deletes its secrets, not its history.
create table webhook_secrets (
  endpoint_id   text        not null references webhook_endpoints (id),
  version       integer     not null check (version > 0),
  master_key_id text        not null,
  box           jsonb       not null,
  created_at    timestamptz not null,
  primary key (endpoint_id, version)
);
create index webhook_secrets_master_key_idx on webhook_secrets (master_key_id);

-- attempting_until is the lease of the worker that is sending: one that died leaves the delivery to the next when it
-- runs out. next_attempt_at is null while the event waits for its sequence number, and once the delivery has ended.
create table webhook_deliveries (
  id               text        primary key,
  tenant_id        text        not null references tenants (id),
  endpoint_id      text        not null references webhook_endpoints (id),
  event_id         text        not null references events (id),
  event_type       text        not null,
  subject          text        not null,
  event_position   bigint      not null,
  status           text        not null check (status in ('pending', 'delivered', 'failed')),
  failure_reason   text        check (failure_reason in ('retries_spent', 'endpoint_gone', 'endpoint_disabled', 'endpoint_deleted')),
  attempts_made    integer     not null default 0,
  next_attempt_at  timestamptz,
  attempting_until timestamptz,
  created_at       timestamptz not null,
  unique (endpoint_id, event_id),
  check ((status = 'failed') = (failure_reason is not null)),
  check (status = 'pending' or (next_attempt_at is null and attempting_until is null))
);
-- Only pending rows are searched by time and by the subject whose events wait for one another.
create index webhook_deliveries_pending_idx on webhook_deliveries (next_attempt_at, id) where status = 'pending';
create index webhook_deliveries_subject_idx on webhook_deliveries (endpoint_id, subject, event_position)
  where status = 'pending';
-- An endpoint that has a place for one more attempt takes the delivery that is due the longest.
create index webhook_deliveries_due_idx on webhook_deliveries (endpoint_id, next_attempt_at, id)
  where status = 'pending';
-- What is in flight, counted by endpoint at every claim.
create index webhook_deliveries_attempting_idx on webhook_deliveries (endpoint_id, attempting_until)
  where attempting_until is not null;
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
