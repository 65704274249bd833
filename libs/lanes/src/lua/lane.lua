--[[
  What every script of a lane begins with: the lane's state, put right by the server's own clock.

  A token is in one of four places: leased to a call (its lease ends by itself at its score), resting until its score,
  promised to a waiter from its score on, or free, which is what is left of the limit. Whatever a script does, it first
  returns what has rested, drops leases whose holder died, and promises every token that can be promised, so no waiter
  is overlooked whoever crashed before.

  The state is lost when the marker is missing (FLUSHALL, a new replica) or was written by another run of the server (a
  restart may have lost the last writes): then nobody knows what was granted, and all tokens rest first.

  KEYS[1] leases zset   KEYS[2] resting zset   KEYS[3] promised zset   KEYS[4] waiting zset   KEYS[5] state hash
  ARGV[1] limit, tokens   ARGV[2] rest after lost state, ms   ARGV[3] grace of a promise, ms
]]
local leases, resting, promised, waiting, state = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local limit, lostRestMs, graceMs = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local STATE_KEPT_MS = 86400000
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000

-- Pairs of waiter and milliseconds until its token may be used: whom the caller has to wake.
local toWake = {}

local function promise(waiter, freeAt)
  redis.call('ZADD', promised, string.format('%.3f', freeAt), waiter)
  toWake[#toWake + 1] = waiter
  toWake[#toWake + 1] = math.ceil(math.max(0, freeAt - now))
end

local function freeTokens()
  return limit - redis.call('ZCARD', leases) - redis.call('ZCARD', resting) - redis.call('ZCARD', promised)
end

-- Puts a token to rest until `freeAt`, or promises it to the next waiter from then on.
local function passOn(name, freeAt)
  local nextWaiter = redis.call('ZPOPMIN', waiting)[1]
  if nextWaiter then
    promise(nextWaiter, freeAt)
  elseif freeAt > now then
    redis.call('ZADD', resting, string.format('%.3f', freeAt), name)
  end
end

-- The reply: a code, a number of milliseconds, then whom to wake.
local function reply(code, ms)
  return { code, math.ceil(ms), unpack(toWake) }
end

local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
if redis.call('HGET', state, 'run') ~= run then
  redis.call('DEL', leases, resting, promised)
  for token = 1, limit do
    redis.call('ZADD', resting, string.format('%.3f', now + lostRestMs), 'lost:' .. token)
  end
  redis.call('HSET', state, 'run', run)
end
redis.call('PEXPIRE', state, STATE_KEPT_MS)

redis.call('ZREMRANGEBYSCORE', leases, '-inf', string.format('%.3f', now))
redis.call('ZREMRANGEBYSCORE', resting, '-inf', string.format('%.3f', now))
-- Whoever did not come for its token in time is woken again; its job may have been lost.
for _, waiter in ipairs(redis.call('ZRANGEBYSCORE', promised, '-inf', string.format('%.3f', now - graceMs))) do
  promise(waiter, now)
end
while freeTokens() > 0 and redis.call('ZCARD', waiting) > 0 do
  passOn('', now)
end
while redis.call('ZCARD', resting) > 0 and redis.call('ZCARD', waiting) > 0 do
  local soonest = redis.call('ZPOPMIN', resting)
  passOn(soonest[1], tonumber(soonest[2]))
end
