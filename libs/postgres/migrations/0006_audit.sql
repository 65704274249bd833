-- Who did what, written in the transaction that did it. Entries belong to an account's log or, without one, to the rest
-- of the tenant's. Nobody may change them: the triggers say so to every role.
create table audit_entries (
  id         text        primary key,
  position   bigint      generated always as identity unique,
  tenant_id  text        references tenants (id),
  account_id text        references accounts (id),
  at         timestamptz not null,
  actor      jsonb       not null,
  action     text        not null,
  target     jsonb       not null,
  outcome    text        not null check (outcome in ('success', 'failure')),
  request_id text,
  upstream   jsonb,
  detail     jsonb       not null
);
create index audit_entries_account_idx on audit_entries (account_id, position) where account_id is not null;
create index audit_entries_tenant_idx on audit_entries (tenant_id, position) where account_id is null;

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'audit entries are append-only';
end
$$;
create trigger audit_entries_append_only before update or delete on audit_entries
  for each row execute function refuse_audit_change();
create trigger audit_entries_no_truncate before truncate on audit_entries
  for each statement execute function refuse_audit_change();
