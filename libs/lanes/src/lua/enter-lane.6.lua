--[[
  Brings a waiter into the lane: promises it a token, or lets it wait by rank. Safe to repeat: a waiter that is in the
  lane already keeps its place.

  ARGV[5] waiter   ARGV[6] rank, lower first
  Returns {1 promised or 0 waiting, ms until its token may be used, whom to wake…}
]]
-- @include lane.lua
local waiter, rank = ARGV[5], ARGV[6]

local since = redis.call('ZSCORE', promised, waiter)
if since then return reply(1, msUntil(since)) end
if redis.call('ZSCORE', waiting, waiter) then return reply(0, 0) end

redis.call('ZADD', waiting, rank, waiter)
if freeTokens() > 0 then
  passOn('', now)
else
  passOnResting()
end
since = redis.call('ZSCORE', promised, waiter)
if since then return reply(1, msUntil(since)) end
if redis.call('ZRANK', waiting, waiter) < limit and not isCongested() then
  toWake[#toWake + 1] = waiter
  toWake[#toWake + 1] = -1
end
return reply(0, 0)
