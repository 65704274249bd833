-- What the cloud last said of an account's credential. A rejected one keeps its mark until it is replaced or the cloud
-- takes it again; meanwhile the account's requests wait instead of failing one by one. It stands with the account, which
-- every request's turn reads anyway, and is locked by whoever marks, repairs or orders: none of them misses the other.
alter table accounts
  -- When the cloud last told whether the credential is good; from then on it is looked at again after a day.
  add column verified_at           timestamptz not null default now(),
  -- Not verified again before: claimed by a worker, or the cloud could not be asked.
  add column verify_not_before     timestamptz,
  add column rejected_at           timestamptz,
  add column rejected_code         text,
  add column rejected_request_id   text,
  add check ((rejected_at is null) = (rejected_code is null));
-- Every stored credential was verified when it came, so the first daily looks are spread as the accounts came.
update accounts set verified_at = coalesce(
  (select rotated_at from credentials where credentials.account_id = accounts.id),
  accounts.created_at
);
create index accounts_verified_idx on accounts (verified_at) where status = 'active' and deleted_at is null;

alter table image_requests
  drop constraint image_requests_waiting_for_check,
  add constraint image_requests_waiting_for_check check (waiting_for in ('instance', 'retry', 'credential'));
-- The recovery pages through what should stand in a lane; those that wait for something else are no longer among it.
drop index image_requests_queued_idx;
create index image_requests_for_lanes_idx on image_requests (id)
  where status = 'queued' and (waiting_for is null or waiting_for = 'retry');
-- However many wait so, looking which accounts they belong to reads one entry for each account.
create index image_requests_credential_idx on image_requests (account_id, id) where waiting_for = 'credential';
