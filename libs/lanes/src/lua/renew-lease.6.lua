--[[
  Says whether a lease is still held, and if so begins its time anew, for a holder that took long to get ready.

  ARGV[4] lease id   ARGV[5] length of the lease, ms
  Returns {1 held or 0 not held, 0, whom to wake…}
]]
-- @include lane.lua
local lease, leaseMs = ARGV[4], tonumber(ARGV[5])

if not redis.call('ZSCORE', leases, lease) then return reply(0, 0) end
redis.call('ZADD', leases, score(now + leaseMs), lease)
return reply(1, 0)
