--[[
  Takes a waiter out of the lane. A token that was promised to it goes to the next one. Safe to repeat.

  ARGV[5] waiter
  Returns {1 was in the lane or 0 was not, 0, whom to wake…}
]]
-- @include lane.lua
local waiter = ARGV[5]

if redis.call('ZREM', waiting, waiter) == 1 then return reply(1, 0) end
local since = redis.call('ZSCORE', promised, waiter)
if not since then return reply(0, 0) end
breakPromise(waiter)
passOn('withdrawn:' .. waiter, math.max(now, tonumber(since)))
return reply(1, 0)
