-- Takes tokens from a bucket that fills by a rate; the time is the server's, so that no clock of a replica counts.
-- KEYS: the bucket. ARGV: tokens wanted, rate a second, the most it holds -> how many were granted, as text.
local wanted, rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local state = redis.call('HMGET', KEYS[1], 'tokens', 'filled_at')
local tokens = tonumber(state[1]) or burst
local filled_at = tonumber(state[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - filled_at) * rate)
local granted = math.max(0, math.min(wanted, tokens))
redis.call('HSET', KEYS[1], 'tokens', string.format('%.17g', tokens - granted), 'filled_at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return string.format('%.17g', granted)
