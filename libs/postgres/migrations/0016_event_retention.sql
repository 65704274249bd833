-- Events are kept for a time and then removed, from the front of each tenant's sequence, with what webhooks kept of them.
-- The oldest events of a tenant are found by its sequence (events_sequence_idx), so no index by time is needed, which every
-- new event would have to be written into.
grant delete on events, webhook_deliveries, webhook_attempts to cvm_image_service_system;

-- An event's deliveries are looked for when it is to go; each removal of an event asks for them once more (foreign key).
create index webhook_deliveries_event_idx on webhook_deliveries (event_id);

-- Readers of few types pass over the others: a stream that waits for a rare one would else read the whole sequence.
create index events_type_idx on events (tenant_id, type, sequence) where sequence is not null;
