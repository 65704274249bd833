--[[
  Says whether a lease is still held, and if so begins its time anew, for a holder that took long to get ready.

  ARGV[5] lease id   ARGV[6] length of the lease, ms
  Returns {1 held or 0 not held, 0, whom to wake…}
]]
-- @include lane.lua
local lease, leaseMs = ARGV[5], tonumber(ARGV[6])

if not redis.call('ZSCORE', leases, lease) then return reply(0, 0) end
redis.call('ZADD', leases, score(now + leaseMs), lease)
return reply(1, 0)
