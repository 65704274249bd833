--[[
  Brings a waiter into the lane: promises it a token, or lets it wait by rank. Safe to repeat: a waiter that is in the
  lane already keeps its place.

  ARGV[4] waiter   ARGV[5] rank, lower first
  Returns {1 promised or 0 waiting, ms until its token may be used, whom to wake…}
]]
-- @include lane.lua
local waiter, rank = ARGV[4], ARGV[5]

local since = redis.call('ZSCORE', promised, waiter)
if since then return reply(1, math.max(0, since - now)) end
if redis.call('ZSCORE', waiting, waiter) then return reply(0, 0) end

redis.call('ZADD', waiting, rank, waiter)
if freeTokens() > 0 then
  passOn('', now)
elseif redis.call('ZCARD', resting) > 0 then
  local soonest = redis.call('ZPOPMIN', resting)
  passOn(soonest[1], tonumber(soonest[2]))
end
since = redis.call('ZSCORE', promised, waiter)
if since then return reply(1, math.max(0, since - now)) end
return reply(0, 0)
