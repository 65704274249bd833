-- Whoever finds a key where it should not be knows how it begins, and an operator has to find out at once whose it is,
-- over all tenants. Revoked keys open nothing any more and are not looked for.
create index api_keys_prefix_idx on api_keys (prefix) where revoked_at is null;
