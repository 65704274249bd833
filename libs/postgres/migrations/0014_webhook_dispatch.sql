-- One worker at a time sends to an endpoint. The row is the lease of that worker, which lasts as long as it lives: it is
-- renewed every few seconds, so a worker that was killed holds its endpoints up no longer than that. `wakes` counts every
-- call to the endpoint, whoever came to hold the lease by it: the holder lets go only of an endpoint whose count it has
-- seen, so no work is left behind between two workers.
--
-- The rest is how the endpoint has answered: the circuit breaker opens after some failures in a row, and five days of
-- nothing but failures disable the endpoint.
create table webhook_dispatches (
  endpoint_id     text        primary key references webhook_endpoints (id),
  tenant_id       text        not null references tenants (id),
  dispatcher      text,
  leased_until    timestamptz,
  wakes           bigint      not null default 0,
  failures_in_row integer     not null default 0,
  failing_since   timestamptz,
  failed_at       timestamptz,
  open_until      timestamptz,
  check ((dispatcher is null) = (leased_until is null)),
  check ((failures_in_row = 0) = (failing_since is null)),
  check ((failing_since is null) = (failed_at is null))
);
insert into webhook_dispatches (endpoint_id, tenant_id) select id, tenant_id from webhook_endpoints;

-- `attempts_before` is how many attempts a delivery had when it was last begun: one that is sent again begins its
-- schedule anew, and keeps what is on record.
alter table webhook_deliveries
  drop column attempting_until,
  add column attempts_before integer not null default 0,
  add check (status = 'pending' or next_attempt_at is null);

drop index webhook_deliveries_pending_idx;
drop index webhook_deliveries_due_idx;
create index webhook_deliveries_due_idx on webhook_deliveries (endpoint_id, next_attempt_at, event_position)
  where status = 'pending';
-- What a disabled endpoint missed goes out ahead of the next event of the same subject.
create index webhook_deliveries_missed_idx on webhook_deliveries (endpoint_id, subject, event_position)
  where status = 'failed' and failure_reason = 'endpoint_disabled';

grant select, insert, update on webhook_dispatches to cvm_image_service_system, cvm_image_service_tenant;
alter table webhook_dispatches enable row level security;
create policy all_rows on webhook_dispatches to cvm_image_service_system using (true) with check (true);
create policy rows_of_tenant on webhook_dispatches to cvm_image_service_tenant
  using (tenant_id = current_setting('cvm.tenant_id', true));
