--[[
  Lowers the pace after the cloud refused a call as one too many. Refusals that come within a window and the way of a
  call speak of the same excess, so together they lower the pace once, by the most that any of them says: by the calls
  that were counted beyond the limit where the cloud names them, else by three tenths.

  What is left is taken to be safe, but whoever else calls does not call evenly: for most of the hold one token less is
  used, unless the cloud's own limit is what binds. One single refusal at the safe pace is such unevenness: it does not
  make the pace less safe.

  The tokens that would come free soonest are given up: the calls that they rest from stay in the cloud's window until
  then, so that nobody may take their place there before. Whoever was promised one gets the next, and the last ones wait.

  ARGV[5] calls that the cloud counted, 0 if not named   ARGV[6] the limit it enforces, 0 if not named
  ARGV[7] hold before the next probe, ms
  Returns {the pace, 0, whom to wake…}
]]
-- @include lane.lua
local counted, enforced, holdMs = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local SAME_REFUSAL_MS, SHARE_OF_HOLD_BELOW = 1500, 0.78

local function stateOf(field)
  return tonumber(redis.call('HGET', state, field))
end

local isFirst = now - (stateOf('slowed_at') or 0) >= SAME_REFUSAL_MS
local before = isFirst and pace or stateOf('pace_before')
local safeBefore = isFirst and (stateOf('safe_pace') or limit) or stateOf('safe_before')
if isFirst then
  redis.call('HSET', state, 'pace_before', before, 'safe_before', safeBefore, 'slowed_at', score(now))
end

local excess = math.ceil(before * 0.3)
if counted > enforced and enforced > 0 then excess = counted - enforced end
local safe = before - excess
if before < limit and before == safeBefore and excess == 1 then safe = before end
local isBound = enforced > 0 and before - excess >= enforced
if isBound then safe = enforced end
if not isFirst then safe = math.min(safe, stateOf('safe_pace')) end
safe = math.max(1, math.min(limit, safe))
pace = math.max(1, math.min(pace, isBound and safe or safe - 1))

local belowMs = pace < safe and holdMs * SHARE_OF_HOLD_BELOW or holdMs
redis.call('HSET', state, 'pace', pace, 'safe_pace', safe)
redis.call('HSET', state, 'raise_at', score(now + belowMs), 'held_until', score(now + holdMs))

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
