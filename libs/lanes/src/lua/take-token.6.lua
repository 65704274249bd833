--[[
  A lease for one call if a token is free, for callers that can wait in place and would rather ask again.

  ARGV[5] lease id   ARGV[6] length of the lease, ms
  Returns {1 leased or 0 none free, ms until one may be, whom to wake…}
]]
-- @include lane.lua
local lease, leaseMs = ARGV[5], tonumber(ARGV[6])
local ASK_AGAIN_MS = 50

if freeTokens() > 0 then
  redis.call('ZADD', leases, score(now + leaseMs), lease)
  return reply(1, 0)
end
local soonest = redis.call('ZRANGE', resting, 0, 0, 'WITHSCORES')[2]
return reply(0, soonest and math.max(1, soonest - now) or ASK_AGAIN_MS)
