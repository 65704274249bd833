-- How often in a row nothing could be learned of an account's credential: the pause before the next try doubles with each
-- time. Whatever the cloud tells sets it back. verified_at alone does not tell it, for an account may be overdue for other
-- reasons: it was disabled, or no worker ran.
alter table accounts
  add column verify_failures integer not null default 0;
-- A marked account is looked at again after an hour, all others after a day.
create index accounts_marked_idx on accounts (verified_at)
  where status = 'active' and deleted_at is null and rejected_at is not null;
