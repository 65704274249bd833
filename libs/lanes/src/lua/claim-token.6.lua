--[[
  Turns a waiter's promise into a lease for one call, or says how long it has to wait for that. A waiter without a
  promise gets a free token if there is one; nobody can be waiting before it then. Else it waits in the lane by its rank.

  ARGV[5] waiter   ARGV[6] rank, lower first   ARGV[7] lease id   ARGV[8] length of the lease, ms
  Returns {1 leased, 2 promised but not yet usable, or 0 waiting; ms until usable; whom to wake…}
]]
-- @include lane.lua
local waiter, rank, lease, leaseMs = ARGV[5], ARGV[6], ARGV[7], tonumber(ARGV[8])

local since = redis.call('ZSCORE', promised, waiter)
if since and tonumber(since) > now then return reply(2, msUntil(since)) end
if not since and freeTokens() <= 0 then
  redis.call('ZADD', waiting, 'NX', rank, waiter)
  return reply(0, 0)
end
breakPromise(waiter)
redis.call('ZREM', waiting, waiter)
redis.call('ZADD', leases, score(now + leaseMs), lease)
return reply(1, 0)
