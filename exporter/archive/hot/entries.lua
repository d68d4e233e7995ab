-- Entries of 32 bytes by key, in strings that Redis holds ("buckets"): a row costs no key and no round trip of its own.
--
-- KEYS: for each day one prefix. Under it stand
--   <prefix>                  a hash: `bits`, `rows` of the newest generation
--   <prefix>:names            a hash: the 8 bytes of a word -> what it stands for
--   <prefix>:<bits>:<bucket>  entries whose key begins with these bits, one behind the other
-- A generation has 2^bits buckets; once it is full the next one begins, with sixteen times as many, so that a bucket
-- stays short however many rows a day has.
--
-- ARGV: "append" | "add", seconds until the day is forgotten, entries sorted by key, then words and names in turn
--         -> how many entries were added; `add` leaves out those whose key is there
--       "find", keys of 8 bytes, sorted
--         -> for each key that is there, its index (uint32, little-endian) and its entry
--       "count"
--         -> how many entries there are

local ENTRY, KEY = 32, 8
local FIRST_BITS, MORE_BITS, MOST_BITS = 4, 4, 16
local ROWS_A_BUCKET = 1024

local function bucket_of(text, at, bits)
  local high, low = string.byte(text, at, at + 1)
  return math.floor((high * 256 + low) / 2 ^ (16 - bits))
end

local function bucket_key(prefix, bits, bucket)
  return prefix .. ':' .. bits .. ':' .. bucket
end

-- Where an entry with the key begins, nil where there is none.
local function place_of(entries, key)
  local at = string.find(entries, key, 1, true)
  while at and (at - 1) % ENTRY ~= 0 do
    at = string.find(entries, key, at + 1, true)
  end
  return at
end

-- Calls found(index, entry) for the keys, `step` bytes apart in `text`, that are there; `known` holds their indices.
local function search(prefix, text, step, known, found)
  local newest = tonumber(redis.call('HGET', prefix, 'bits')) or 0
  for bits = FIRST_BITS, newest, MORE_BITS do
    local last, entries
    for index = 0, #text / step - 1 do
      local start = index * step + 1
      local bucket = not known[index] and bucket_of(text, start, bits)
      if bucket and bucket ~= last then
        last, entries = bucket, redis.call('GET', bucket_key(prefix, bits, bucket))
      end
      local at = bucket and entries and place_of(entries, string.sub(text, start, start + KEY - 1))
      if at then
        known[index] = true
        found(index, string.sub(entries, at, at + ENTRY - 1))
      end
    end
  end
end

local function append_bucket(key, entries, ttl_s)
  if redis.call('APPEND', key, entries) == #entries then
    redis.call('EXPIRE', key, ttl_s)
  end
end

local function append(prefix, ttl_s, entries)
  local bits = tonumber(redis.call('HGET', prefix, 'bits')) or FIRST_BITS
  local rows = tonumber(redis.call('HGET', prefix, 'rows')) or 0
  if bits < MOST_BITS and rows >= ROWS_A_BUCKET * 2 ^ bits then
    bits, rows = bits + MORE_BITS, 0
  end
  local start = 1
  while start <= #entries do
    local bucket, stop = bucket_of(entries, start, bits), start + ENTRY
    while stop <= #entries and bucket_of(entries, stop, bits) == bucket do
      stop = stop + ENTRY
    end
    append_bucket(bucket_key(prefix, bits, bucket), string.sub(entries, start, stop - 1), ttl_s)
    start = stop
  end
  redis.call('HSET', prefix, 'bits', bits, 'rows', rows + #entries / ENTRY)
  redis.call('EXPIRE', prefix, ttl_s)
end

local function without_known(prefix, entries)
  local known, kept = {}, {}
  search(prefix, entries, ENTRY, known, function() end)
  for index = 0, #entries / ENTRY - 1 do
    local entry = string.sub(entries, index * ENTRY + 1, (index + 1) * ENTRY)
    local before = kept[#kept]
    if not known[index] and not (before and string.sub(before, 1, KEY) == string.sub(entry, 1, KEY)) then
      kept[#kept + 1] = entry
    end
  end
  return table.concat(kept)
end

local function put(is_checked, prefix, ttl_s, entries)
  if is_checked then
    entries = without_known(prefix, entries)
  end
  append(prefix, ttl_s, entries)
  for at = 4, #ARGV, 2 do
    redis.call('HSET', prefix .. ':names', ARGV[at], ARGV[at + 1])
  end
  redis.call('EXPIRE', prefix .. ':names', ttl_s)
  return #entries / ENTRY
end

local function find(keys)
  local known, found = {}, {}
  for _, prefix in ipairs(KEYS) do
    search(prefix, keys, KEY, known, function(index, entry)
      found[#found + 1] = struct.pack('<I4', index) .. entry
    end)
  end
  return table.concat(found)
end

local function count()
  local rows, bytes = 0, 0
  for _, prefix in ipairs(KEYS) do
    local newest = tonumber(redis.call('HGET', prefix, 'bits')) or 0
    rows = rows + (tonumber(redis.call('HGET', prefix, 'rows')) or 0)
    for bits = FIRST_BITS, newest - 1, MORE_BITS do
      for bucket = 0, 2 ^ bits - 1 do
        bytes = bytes + redis.call('STRLEN', bucket_key(prefix, bits, bucket))
      end
    end
  end
  return rows + bytes / ENTRY
end

if ARGV[1] == 'count' then
  return count()
end
if ARGV[1] == 'find' then
  return find(ARGV[2])
end
return put(ARGV[1] == 'add', KEYS[1], ARGV[2], ARGV[3])
