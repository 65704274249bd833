--[[
  Says that a worker has begun with a waiter whose promised token could be used already: the waiter stands in the queue no
  longer, and its place there goes to the next of the lane at once, not when its call is made. So lanes follow one another
  in the queue however long each call takes to prepare.

  ARGV[5] waiter
  Returns {1 taken up or 0 not promised a usable token, 0, whom to wake…}
]]
-- @include lane.lua
local waiter = ARGV[5]

local since = redis.call('ZSCORE', promised, waiter)
if not since or tonumber(since) > now then return reply(0, 0) end
redis.call('ZADD', promised, score(now), waiter)
redis.call('ZADD', unqueued, TAKEN_UP, waiter)
return reply(1, 0)
