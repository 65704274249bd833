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
if surplus > 0 then
  local waiters, freeAts = redis.call('ZRANGE', promised, 0, -1), {}
  for _, key in ipairs({ promised, resting }) do
    local tokens = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    for at = 2, #tokens, 2 do
      freeAts[#freeAts + 1] = tonumber(tokens[at])
    end
  end
  table.sort(freeAts)
  redis.call('DEL', resting)
  for place = 1, math.max(#waiters, #freeAts - surplus) do
    local waiter, freeAt = waiters[place], freeAts[place + surplus]
    if waiter and freeAt then
      promise(waiter, rankOf(waiter), freeAt)
    elseif waiter then
      backToWaiting(waiter)
    else
      redis.call('ZADD', resting, score(freeAt), 'slowed:' .. place)
    end
  end
end
return reply(pace, 0)
