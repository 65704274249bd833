--[[
  Finds what a crash left: the shared beginning has already promised every token that could be promised.

  Returns {1 something is in the lane or 0 it is empty, 0, whom to wake…}
]]
-- @include lane.lua
local present = redis.call('ZCARD', leases) + redis.call('ZCARD', promised) + redis.call('ZCARD', waiting)
return reply(present > 0 and 1 or 0, 0)
