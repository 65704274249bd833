-- The outbox. An event is written with the change that it tells of; the relay later gives it its place in the tenant's
-- sequence, in commit order, and turns it into deliveries. `position` orders the events of one request: its changes
-- follow one another, so a later one always draws a higher number.
create table events (
  id         text        primary key,
  position   bigint      generated always as identity unique,
  tenant_id  text        not null references tenants (id),
  account_id text        references accounts (id),
  type       text        not null,
  subject    text        not null,
  data       jsonb       not null,
  created_at timestamptz not null,
  sequence   bigint
);
create index events_unrelayed_idx on events (position) where sequence is null;
create unique index events_sequence_idx on events (tenant_id, sequence) where sequence is not null;

-- The last sequence number given out to each tenant. Its row lock is held by the relay alone, never by a writer.
create table event_sequences (
  tenant_id     text   primary key references tenants (id),
  last_sequence bigint not null
);
