extension LimitScript {
  /// So many units in any span of a length, as `SlidingRecord` judges.
  ///
  /// ```
  /// c[3] cost, c[4] units wanted in advance, c[5] the limit, c[6] c[7] the length, c[8] c[9] the grain
  /// reply: units that count, the time until all have left, the time until the cost fits
  /// ```
  ///
  /// The key is a list of slots, oldest first: when the slot's last unit was taken, and how many they are. The newest one
  /// has besides when its first unit was taken, how many units all slots have, and how many slots there are. So a request
  /// looks at both ends only, however many slots there are; each slot is put in once and taken out once. Only a refusal
  /// that waits for more than one slot reads all of them (128 at most). When the clock was set back, all units count as
  /// taken now: nobody gets more, and nobody waits for longer than the length.
  static let sliding = """
    local function sliding_text(w)
      return string.format('%.0f %.0f %.0f %.0f %.0f %.0f %.0f',
        w.last_s, w.last_n, w.count, w.first_s, w.first_n, w.used, w.slots)
    end
    local function sliding_slot(text)
      local s, n, count = string.match(text or '', '^(%d+) (%d+) (%d+)')
      if not s then error('the key holds no slots') end
      return tonumber(s), tonumber(n), tonumber(count)
    end
    local function sliding_open(key, c)
      local w = {used = 0, slots = 0, now_s = now_s, now_n = now_n}
      local newest = redis.call('LINDEX', key, -1)
      if not newest then return w end
      local first_s, first_n, used, slots = string.match(newest, '^%d+ %d+ %d+ (%d+) (%d+) (%d+) (%d+)$')
      w.last_s, w.last_n, w.count = sliding_slot(newest)
      if not slots then error('the key holds no slots') end
      w.first_s, w.first_n, w.used, w.slots = tonumber(first_s), tonumber(first_n), tonumber(used), tonumber(slots)
      if w.last_s > now_s + 1 then
        redis.call('DEL', key)
        w.last_s, w.last_n, w.first_s, w.first_n, w.count, w.slots = now_s, now_n, now_s, now_n, w.used, 1
        redis.call('RPUSH', key, sliding_text(w))
        redis.call('PEXPIRE', key, string.format('%.0f', milliseconds(c[6], c[7]) + keep))
      elseif above(w.last_s, w.last_n, now_s, now_n) then
        w.now_s, w.now_n = w.last_s, w.last_n
      end
      local before = w.slots
      while w.slots > 0 do
        local s, n, count = sliding_slot(redis.call('LINDEX', key, 0))
        w.out_s, w.out_n = add(s, n, c[6], c[7])
        w.oldest = count
        if above(w.out_s, w.out_n, w.now_s, w.now_n) then break end
        redis.call('LPOP', key)
        w.used, w.slots = w.used - count, w.slots - 1
      end
      if w.slots > 0 and w.slots < before then redis.call('LSET', key, -1, sliding_text(w)) end
      return w
    end
    local function sliding_add(key, c, units)
      local w = c.w
      units = math.min(units, 35184372088832)
      local merges = false
      if w.slots > 0 then
        local since_s, since_n = subtract(w.now_s, w.now_n, w.first_s, w.first_n)
        merges = above(c[8], c[9], since_s, since_n) or (w.now_s == w.last_s and w.now_n == w.last_n) or w.slots >= 128
      end
      if merges then
        local count = math.min(w.count + units, 35184372088832)
        w.used, w.count = w.used + count - w.count, count
        w.last_s, w.last_n = w.now_s, w.now_n
        redis.call('LSET', key, -1, sliding_text(w))
      else
        if w.slots > 0 then
          redis.call('LSET', key, -1, string.format('%.0f %.0f %.0f', w.last_s, w.last_n, w.count))
        end
        w.used, w.slots, w.count = w.used + units, w.slots + 1, units
        w.last_s, w.last_n, w.first_s, w.first_n = w.now_s, w.now_n, w.now_s, w.now_n
        redis.call('RPUSH', key, sliding_text(w))
      end
      redis.call('PEXPIRE', key, string.format('%.0f', milliseconds(c[6], c[7]) + keep))
    end
    local function sliding_wait(key, c, w)
      local left = w.used - w.oldest
      if left <= c[5] - c[3] then return subtract(w.out_s, w.out_n, w.now_s, w.now_n) end
      for _, text in ipairs(redis.call('LRANGE', key, 1, -1)) do
        local s, n, count = sliding_slot(text)
        left = left - count
        if left <= c[5] - c[3] then
          s, n = add(s, n, c[6], c[7])
          return subtract(s, n, w.now_s, w.now_n)
        end
      end
      return c[6], c[7]
    end
    judge[2] = function(key, c)
      local w = sliding_open(key, c)
      c.w = w
      c.reply = {w.used, 0, 0, 0, 0}
      if w.slots > 0 then
        local s, n = add(w.last_s, w.last_n, c[6], c[7])
        c.reply[2], c.reply[3] = subtract(s, n, w.now_s, w.now_n)
      end
      if c[3] == 0 then return true end
      if c[2] >= 2 then return false end
      if w.used <= c[5] - c[3] then return true end
      c.reply[4], c.reply[5] = sliding_wait(key, c, w)
      return false
    end
    take[2] = function(key, c)
      local granted = share(c[4], c[5] - c.w.used - c[3])
      if c[3] + granted > 0 then sliding_add(key, c, c[3] + granted) end
      return granted
    end
    adjust[2] = function(key, c)
      local w = sliding_open(key, c)
      c.w = w
      if c[3] > 0 then return sliding_add(key, c, c[3]) end
      local left = -c[3]
      while left > 0 and w.slots > 0 do
        local taken = math.min(left, w.count)
        w.count, w.used, left = w.count - taken, w.used - taken, left - taken
        if w.count == 0 then
          redis.call('RPOP', key)
          w.slots = w.slots - 1
          if w.slots > 0 then
            w.last_s, w.last_n, w.count = sliding_slot(redis.call('LINDEX', key, -1))
            w.first_s, w.first_n = subtract(w.last_s, w.last_n, c[8], c[9])
            if w.first_s < 0 then w.first_s, w.first_n = 0, 0 end
          end
        end
      end
      if w.slots > 0 then redis.call('LSET', key, -1, sliding_text(w)) end
    end

    """
}
