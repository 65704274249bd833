-- Whether a delivery's subject has an earlier one that is pending is asked of webhook_deliveries_subject_idx, once for each
-- delivery that is looked at. The planner had a second index that begins with the endpoint: where its statistics are from a
-- time when little was pending, as they are after every outage, both look alike to it, and by the wrong one each such
-- question reads all that is pending at the endpoint. This predicate keeps it from that question; those for what is due
-- imply it.
drop index webhook_deliveries_due_idx;
create index webhook_deliveries_due_idx on webhook_deliveries (endpoint_id, next_attempt_at, event_position)
  where status = 'pending' and next_attempt_at is not null;
