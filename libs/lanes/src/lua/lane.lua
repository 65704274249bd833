--[[
  What every script of a lane begins with: the lane's state, put right by the server's own clock.

  A token is in one of four places: leased to a call (its lease ends by itself at its score), resting until its score,
  promised to a waiter from its score on, or free, which is what is left of the pace. Whatever a script does, it first
  returns what has rested, drops leases whose holder died, and promises every token that can be promised, so no waiter
  is overlooked whoever crashed before.

  Where all workers are busy, promised tokens pile up that nobody has come for yet. Then a few waiters of a lane at most
  are called up at a time, and each that a worker takes up calls up the next: in the queue of jobs every lane has the same
  few places, so none waits behind the whole of another.

  The pace is how many tokens are in use: the limit, or less after the cloud refused a call as one too many. Then it is
  one token below what is safe, so that an uneven step of whoever else calls is not refused; well before the hold ends it
  is what is safe, and from the end of the hold on it probes further, by one token at a time.

  The state is lost when the marker is missing (FLUSHALL, a new replica) or was written by another run of the server (a
  restart may have lost the last writes): then nobody knows what was granted, and all tokens rest first.

  KEYS[1] leases zset   KEYS[2] resting zset   KEYS[3] promised zset   KEYS[4] waiting zset
  KEYS[5] state hash: run; pace, safe_pace, the last two before the last refusals, raise_at, held_until, slowed_at; and
          of each promised waiter its rank and how often it did not come
  KEYS[6] unqueued zset: promised waiters that have no place in the queue: those not called up yet by when their token may be
          used, and TAKEN_UP those that a worker has taken from it
  ARGV[1] limit, tokens   ARGV[2] rest after lost state, ms   ARGV[3] grace of a promise, ms   ARGV[4] how many waiters
  may be called up whose tokens wait for them, 0 from whoever can't tell and calls up nobody that is held back
]]
local leases, resting, promised, waiting, state, unqueued = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local limit, lostRestMs, graceMs, calledUpMax = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local STATE_KEPT_MS, PROBE_STEP_MS, GRACES, GRACE_MAX_MS, TAKEN_UP = 86400000, 800, 17, 12000, -1
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000

-- Pairs of waiter and milliseconds until its token may be used: whom the caller has to wake. -1 stands for a waiter
-- whose turn comes next, and who may prepare for it; where tokens wait for their waiters, nobody needs to prepare.
local toWake = {}

local function score(ms)
  return string.format('%.3f', ms)
end

-- How long until then. No token rests longer than after lost state: a time further ahead is one of a clock that has been
-- set back since, and nobody may wait for it.
local function msUntil(freeAt)
  return math.ceil(math.min(lostRestMs, math.max(0, freeAt - now)))
end

local function callUp(waiter, freeAt)
  toWake[#toWake + 1] = waiter
  toWake[#toWake + 1] = msUntil(freeAt)
end

-- How many promised tokens could be used now if only somebody came.
local function overdue(key)
  return redis.call('ZCOUNT', key, '-inf', score(now))
end

local function isCongested()
  return calledUpMax > 0 and overdue(promised) >= calledUpMax
end

local function promise(waiter, rank, freeAt)
  local isHeld = isCongested()
  redis.call('ZADD', promised, score(freeAt), waiter)
  redis.call('HSET', state, 'rank:' .. waiter, rank)
  if isHeld then
    redis.call('ZADD', unqueued, score(freeAt), waiter)
  else
    redis.call('ZREM', unqueued, waiter)
    callUp(waiter, freeAt)
  end
end

-- The grace of one that was held back begins when it is called up.
local function callUpNext()
  if calledUpMax == 0 or redis.call('ZCARD', unqueued) == 0 then return end
  local places = calledUpMax - (overdue(promised) - overdue(unqueued))
  while places > 0 do
    local soonest = redis.call('ZRANGE', unqueued, 0, '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
    if not soonest[1] then return end
    local freeAt = math.max(now, tonumber(soonest[2]))
    redis.call('ZREM', unqueued, soonest[1])
    redis.call('ZADD', promised, 'XX', score(freeAt), soonest[1])
    callUp(soonest[1], freeAt)
    if freeAt <= now then places = places - 1 end
  end
end

local function breakPromise(waiter)
  redis.call('ZREM', promised, waiter)
  redis.call('ZREM', unqueued, waiter)
  redis.call('HDEL', state, 'rank:' .. waiter, 'missed:' .. waiter)
end

-- First of all where the rank is lost.
local function rankOf(waiter)
  return redis.call('HGET', state, 'rank:' .. waiter) or 0
end

local function backToWaiting(waiter)
  redis.call('ZADD', waiting, rankOf(waiter), waiter)
  breakPromise(waiter)
end

local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
if redis.call('HGET', state, 'run') ~= run then
  for _, waiter in ipairs(redis.call('ZRANGE', promised, 0, -1)) do
    backToWaiting(waiter)
  end
  redis.call('DEL', leases, resting)
  for token = 1, limit do
    redis.call('ZADD', resting, score(now + lostRestMs), 'lost:' .. token)
  end
  redis.call('HSET', state, 'run', run)
end
redis.call('PEXPIRE', state, STATE_KEPT_MS)

local pace = math.min(limit, tonumber(redis.call('HGET', state, 'pace')) or limit)
if pace < limit and now >= (tonumber(redis.call('HGET', state, 'raise_at')) or 0) then
  pace = pace + 1
  local raiseAt = now + PROBE_STEP_MS
  if pace == tonumber(redis.call('HGET', state, 'safe_pace')) then
    raiseAt = math.max(raiseAt, tonumber(redis.call('HGET', state, 'held_until')) or 0)
  end
  redis.call('HSET', state, 'pace', pace, 'raise_at', score(raiseAt))
end

local function freeTokens()
  return pace - redis.call('ZCARD', leases) - redis.call('ZCARD', resting) - redis.call('ZCARD', promised)
end

-- Puts a token to rest until `freeAt`, or promises it to the next waiter from then on. A token beyond the pace is gone.
local function passOn(name, freeAt)
  if freeTokens() <= 0 then return end
  local nextWaiter = redis.call('ZPOPMIN', waiting)
  if nextWaiter[1] then
    promise(nextWaiter[1], nextWaiter[2], freeAt)
    local onDeck = redis.call('ZRANGE', waiting, limit - 1, limit - 1)[1]
    if onDeck and not isCongested() then
      toWake[#toWake + 1] = onDeck
      toWake[#toWake + 1] = -1
    end
  elseif freeAt > now then
    redis.call('ZADD', resting, score(freeAt), name)
  end
end

-- Promises the token that has rested longest, if any is resting.
local function passOnResting()
  local soonest = redis.call('ZPOPMIN', resting)
  if soonest[1] then passOn(soonest[1], tonumber(soonest[2])) end
end

-- The reply: a code, a number of milliseconds, then whom to wake.
local function reply(code, ms)
  callUpNext()
  return { code, math.ceil(ms), unpack(toWake) }
end

-- Whoever did not come for its token in time is woken again, for its job may have been lost: soon at first, then more
-- rarely, for where all workers are busy a job takes its time and another wake does not speed it up. And not for ever: a
-- waiter may have ended and nobody taken it out. One that is dropped wrongly is brought in again by the recovery. The
-- gateway can't tell whether workers are busy, and leaves it to them.
local function wakeAgain()
  for _, waiter in ipairs(redis.call('ZRANGEBYSCORE', promised, '-inf', score(now - graceMs))) do
    local missed = tonumber(redis.call('HGET', state, 'missed:' .. waiter)) or 0
    local isDue = tonumber(redis.call('ZSCORE', promised, waiter)) <= now - math.min(GRACE_MAX_MS, graceMs * 2 ^ missed)
    if isDue and (tonumber(redis.call('ZSCORE', unqueued, waiter)) or TAKEN_UP) == TAKEN_UP then
      if missed < GRACES then
        redis.call('HSET', state, 'missed:' .. waiter, missed + 1)
        redis.call('ZADD', promised, score(now), waiter)
        callUp(waiter, now)
      else
        breakPromise(waiter)
      end
    end
  end
end

redis.call('ZREMRANGEBYSCORE', leases, '-inf', score(now))
redis.call('ZREMRANGEBYSCORE', resting, '-inf', score(now))
if calledUpMax > 0 then wakeAgain() end
while freeTokens() > 0 and redis.call('ZCARD', waiting) > 0 do
  passOn('', now)
end
while redis.call('ZCARD', resting) > 0 and redis.call('ZCARD', waiting) > 0 do
  passOnResting()
end
