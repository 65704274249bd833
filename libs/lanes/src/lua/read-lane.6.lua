--[[
  What a lane looks like now, for those who wait and those who watch.

  ARGV[5] a waiter whose place is asked for, or ''
  Returns {leased, resting, promised, waiting, pace, ms until the next token is free or -1 when none will be without a
  call's answer, how many come before the waiter or -1, ms until its promised token or -1, whom to wake…}
]]
-- @include lane.lua
local waiter = ARGV[5]

local nextFreeAt = redis.call('ZRANGE', resting, 0, 0, 'WITHSCORES')[2]
  or redis.call('ZRANGE', promised, 0, 0, 'WITHSCORES')[2]
local nextFreeMs = nextFreeAt and math.max(0, nextFreeAt - now) or -1
if freeTokens() > 0 then nextFreeMs = 0 end
local place = redis.call('ZRANK', waiting, waiter)
if place then
  place = place + redis.call('ZCARD', promised)
else
  place = redis.call('ZRANK', promised, waiter)
end
local since = redis.call('ZSCORE', promised, waiter)
callUpNext()

return {
  redis.call('ZCARD', leases), redis.call('ZCARD', resting), redis.call('ZCARD', promised), redis.call('ZCARD', waiting),
  pace, math.ceil(nextFreeMs), place or -1, since and msUntil(since) or -1, unpack(toWake),
}
