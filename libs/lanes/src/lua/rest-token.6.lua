--[[
  Ends a lease: its token rests from now on and is promised at once to the next waiter. Safe to repeat: a lease that is
  no longer held changes nothing.

  ARGV[5] lease id   ARGV[6] rest, ms (0 when no call was sent)
  Returns {1 ended or 0 not held, 0, whom to wake…}
]]
-- @include lane.lua
local lease, restMs = ARGV[5], tonumber(ARGV[6])

if redis.call('ZREM', leases, lease) == 0 then return reply(0, 0) end
passOn(lease, now + restMs)
return reply(1, 0)
