-- The image request and what was tried for it. PostgreSQL is the only truth: a request found here and not in Redis is
-- put back, a request found only in Redis does not exist.
create table image_requests (
  id                text        primary key,
  tenant_id         text        not null references tenants (id),
  account_id        text        not null references accounts (id),
  region            text        not null,
  image_name        text        not null,
  instance_id       text,
  snapshot_ids      text[]      not null,
  data_disk_ids     text[]      not null,
  image_description text,
  force_poweroff    boolean     not null,
  sysprep           boolean     not null,
  dry_run           boolean     not null,
  tags              jsonb       not null,
  image_family      text,
  priority          smallint    not null check (priority between 0 and 9),
  start_deadline    timestamptz,
  metadata          jsonb       not null,
  requested_by      text        not null,

  status            text        not null
    check (status in ('queued', 'submitting', 'creating', 'succeeded', 'failed', 'canceled')),
  -- Null for a queued request that nothing but its turn holds up.
  waiting_for       text        check (waiting_for in ('instance', 'retry')),
  -- When a request that waits for a retry may next be looked at; null when something else moves it.
  next_attempt_at   timestamptz,
  image_id          text,
  attempts_made     integer     not null default 0,
  -- Of the retries that the cloud's answers ask for: when the first of this series was, and how many followed.
  retrying_since    timestamptz,
  retries_made      integer     not null default 0,
  -- Set once a look-up by name, before the first call, has shown that no image bore it: a later find is then ours.
  name_seen_free_at timestamptz,
  error             jsonb,
  created_at        timestamptz not null,
  submitted_at      timestamptz,
  completed_at      timestamptz,
  updated_at        timestamptz not null,

  check ((instance_id is null) <> (cardinality(snapshot_ids) = 0)),
  check ((completed_at is not null) = (status in ('succeeded', 'failed', 'canceled'))),
  check (status <> 'creating' or image_id is not null)
);
create index image_requests_tenant_idx on image_requests (tenant_id, id desc);
-- Names of open requests are unique for each account and region, so a look-up by name is decidable.
create unique index image_requests_open_name_idx on image_requests (account_id, region, image_name)
  where status in ('queued', 'submitting', 'creating');
-- The cloud refuses a second image of an instance while the first is made, so the second waits here instead.
create unique index image_requests_busy_instance_idx on image_requests (account_id, region, instance_id)
  where status in ('submitting', 'creating') and instance_id is not null;
create index image_requests_waiting_instance_idx on image_requests (account_id, region, instance_id, priority desc, id)
  where status = 'queued' and instance_id is not null;
-- An image belongs to one request; a look-up by name that finds it for another one is wrong.
create unique index image_requests_image_idx on image_requests (account_id, region, image_id)
  where image_id is not null;
-- What the reconciler and the tracker sweep: open requests alone, a small part of the table.
create index image_requests_open_idx on image_requests (status, updated_at)
  where status in ('queued', 'submitting', 'creating');
create index image_requests_deadline_idx on image_requests (start_deadline)
  where status = 'queued' and start_deadline is not null;
-- The recovery pages through what should stand in a lane.
create index image_requests_queued_idx on image_requests (id) where status = 'queued';
create index image_requests_looks_idx on image_requests (account_id, region, next_attempt_at) where status = 'creating';
create index image_requests_account_idx on image_requests (account_id, id desc);

-- One row for each call, written before it is sent: after a crash it says that something may have been accepted.
create table attempts (
  id                  text        primary key,
  image_request_id    text        not null references image_requests (id),
  tenant_id           text        not null references tenants (id),
  number              integer     not null,
  endpoint            text        not null,
  region              text        not null,
  lane                text        not null,
  started_at          timestamptz not null,
  token_wait_ms       integer     not null,
  finished_at         timestamptz,
  duration_ms         integer,
  outcome             text        check (outcome in ('accepted', 'refused', 'unknown', 'not_sent')),
  code                text,
  cause               text,
  upstream_request_id text,
  -- The image that the cloud named in its answer.
  image_id            text,
  unique (image_request_id, number)
);
-- At most one attempt of a request is open: two workers can't both be about to call.
create unique index attempts_open_idx on attempts (image_request_id) where outcome is null;
