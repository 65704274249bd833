-- The external id that a role's trust policy asks for. It is ours and one for each tenant, so that no tenant can name the
-- role of another and have this service, which both roles trust, assume it for them. The default serves the tenants there
-- are, each with a value of its own, and an older gateway that still creates some while the apps are being rolled.
alter table tenants add column external_id text not null unique default replace(gen_random_uuid()::text, '-', '');
