--[[
  Lowers the pace after the cloud refused a call as one too many. Refusals that come within a window and the way of a
  call speak of the same excess, so together they lower the pace once, by the most that any of them says: by the calls
  that were counted beyond the limit where the cloud names them, else by three tenths.

  The tokens that would come free soonest are given up: the calls that they rest from stay in the cloud's window until
  then, so that nobody may take their place there before. Whoever was promised one gets the next, and the last ones wait.

  ARGV[5] calls that the cloud counted, 0 if not named   ARGV[6] the limit it enforces, 0 if not named
  ARGV[7] hold before the next probe, ms
  Returns {the pace, 0, whom to wake…}
]]
-- @include lane.lua
local counted, enforced, holdMs = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local SAME_REFUSAL_MS = 1500

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

local surplus = -freeTokens()
local promises = redis.call('ZRANGE', promised, 0, -1, 'WITHSCORES')
local promisedTokens = #promises / 2
local givenUp = math.max(0, math.min(surplus, promisedTokens))
for token = promisedTokens - givenUp + 1, promisedTokens do
  backToWaiting(promises[token * 2 - 1])
end
if givenUp > 0 then
  for token = 1, promisedTokens - givenUp do
    local waiter = promises[token * 2 - 1]
    promise(waiter, redis.call('HGET', state, 'rank:' .. waiter), tonumber(promises[(token + givenUp) * 2]))
  end
end
if surplus > givenUp then redis.call('ZPOPMIN', resting, surplus - givenUp) end
return reply(pace, 0)
