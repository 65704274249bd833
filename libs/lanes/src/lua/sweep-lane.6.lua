--[[
  Finds what a crash left: the shared beginning has already promised every token that could be promised.

  Now and then it also mends what the lane has written down when the server's clock was set back: times further ahead than
  any that are given out belong to the clock before, and by them tokens would rest for as long as it was set back. Each
  begins its time anew, so nothing comes free too soon.

  ARGV[5] length of the longest lease, ms   ARGV[6] longest hold before a probe, ms; without them the clock is not heeded
  Returns {1 something is in the lane or 0 it is empty, 0, whom to wake…}
]]
-- @include lane.lua
local leaseMs, holdMs = tonumber(ARGV[5] or 0), tonumber(ARGV[6] or 0)

local function bringForward(key, longestMs)
  local latest = score(now + longestMs)
  for _, member in ipairs(redis.call('ZRANGE', key, '(' .. latest, '+inf', 'BYSCORE')) do
    redis.call('ZADD', key, latest, member)
  end
end

if leaseMs > 0 then
  for _, key in ipairs({ resting, promised, unqueued }) do
    bringForward(key, lostRestMs)
  end
  bringForward(leases, leaseMs)
  for _, field in ipairs({ 'raise_at', 'held_until' }) do
    local at = tonumber(redis.call('HGET', state, field))
    if at and at > now + holdMs then redis.call('HSET', state, field, score(now + holdMs)) end
  end
  local slowedAt = tonumber(redis.call('HGET', state, 'slowed_at'))
  if slowedAt and slowedAt > now then redis.call('HSET', state, 'slowed_at', score(now)) end
end
local present = redis.call('ZCARD', leases) + redis.call('ZCARD', promised) + redis.call('ZCARD', waiting)
return reply(present > 0 and 1 or 0, 0)
