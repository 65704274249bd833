-- Names and images belong to the cloud's root account, and several accounts of ours, even of different tenants, may have
-- keys of one. What was unique within an account alone let one request adopt the image of another: while a call by some
-- name is in doubt, no other call by that name may be made for the same root account and region.
alter table image_requests add column uin text;
update image_requests set uin = accounts.uin from accounts where accounts.id = image_requests.account_id;
alter table image_requests alter column uin set not null;

-- An account never changes its identity, so what holds at the beginning holds for good.
create function set_image_request_uin() returns trigger language plpgsql as $$
begin
  new.uin := (select uin from accounts where id = new.account_id);
  return new;
end
$$;
create trigger image_requests_uin before insert on image_requests
  for each row execute function set_image_request_uin();

create unique index image_requests_submitting_name_idx on image_requests (uin, region, image_name)
  where status = 'submitting' and not dry_run;
drop index image_requests_image_idx;
create unique index image_requests_image_idx on image_requests (uin, region, image_id) where image_id is not null;
