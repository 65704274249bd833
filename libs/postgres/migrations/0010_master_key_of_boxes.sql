-- Whether an old master key may be removed is read from master_key_id alone, and its index makes that cheap. Should the
-- column ever say otherwise than the two boxes beside it, a key would be removed that a box still needs.
alter table credentials add constraint credentials_master_key_check check (
  box #>> '{secretId,masterKeyId}' = master_key_id and box #>> '{secretKey,masterKeyId}' = master_key_id
);
