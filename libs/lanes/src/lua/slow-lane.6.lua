--[[
  Lowers the pace after the cloud refused a call as one too many, and takes back the promises that the lower pace can't
  keep. Refusals of one second speak of the same excess, so together they lower the pace once, by the most that any of
  them says: by the calls that were counted beyond the limit where the cloud names them, else by three tenths.

  ARGV[4] calls that the cloud counted, 0 if not named   ARGV[5] the limit it enforces, 0 if not named
  ARGV[6] hold before the next probe, ms
  Returns {the pace, 0, whom to wake…}
]]
-- @include lane.lua
local counted, enforced, holdMs = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local SAME_REFUSAL_MS = 1000

local slowedAt = tonumber(redis.call('HGET', state, 'slowed_at')) or 0
local before = pace
if now - slowedAt < SAME_REFUSAL_MS then
  before = tonumber(redis.call('HGET', state, 'pace_before'))
else
  redis.call('HSET', state, 'pace_before', pace, 'slowed_at', score(now))
end

local target = math.floor(before * 0.7)
if counted > enforced and enforced > 0 then target = before - (counted - enforced) end
if enforced > 0 then target = math.min(target, enforced) end
pace = math.max(1, math.min(pace, target))
redis.call('HSET', state, 'pace', pace, 'probe_at', score(now + holdMs))

while freeTokens() < 0 and redis.call('ZCARD', promised) > 0 do
  backToWaiting(redis.call('ZREVRANGE', promised, 0, 0)[1])
end
while freeTokens() < 0 and redis.call('ZCARD', resting) > 0 do
  redis.call('ZPOPMAX', resting)
end
return reply(pace, 0)
