extension LimitScript {
  /// Units that come back evenly, as `CellRate` judges.
  ///
  /// ```
  /// c[3] cost in units, c[4] units wanted in advance, c[5] c[6] cost in time, c[7] c[8] the most time that may be used
  /// (tolerance and patience), c[9] c[10] the tolerance, c[11] c[12] the interval
  /// reply: 0, the time that was used before, 0, 0
  /// ```
  ///
  /// The value is the theoretical arrival time and the second at which it was written. It expires when the time has come,
  /// since nothing is lost with it then. When the clock was set back since it was written, it is judged as it was then: a
  /// caller waits no longer than before.
  static let rate = """
    local function rate_used(key)
      local kept = redis.call('GET', key)
      if not kept then return 0, 0 end
      local s, n, written = string.match(kept, '^(%d+) (%d+) (%d+)$')
      if not s then error('the key holds no time') end
      s, n, written = tonumber(s), tonumber(n), tonumber(written)
      if written > now_s + 1 then s, n = subtract(s, n, written, 0) else s, n = subtract(s, n, now_s, now_n) end
      if s < 0 then return 0, 0 end
      return s, n
    end
    local function rate_set(key, s, n)
      local life = string.format('%.0f', milliseconds(s, n) + keep)
      s, n = add(now_s, now_n, s, n)
      redis.call('SET', key, string.format('%.0f %.0f %.0f', s, n, now_s), 'PX', life)
    end
    local function times(s, n, count)
      local whole = math.floor(n * count / 1000000000)
      return s * count + whole, n * count - whole * 1000000000
    end
    judge[1] = function(key, c)
      local s, n = rate_used(key)
      c.reply = {0, s, n, 0, 0}
      c.s, c.n = s, n
      if c[3] == 0 then return true end
      c.s, c.n = add(s, n, c[5], c[6])
      return c[2] < 2 and not above(c.s, c.n, c[7], c[8])
    end
    take[1] = function(key, c)
      local s, n, granted = c.s, c.n, 0
      if c[4] > 0 and above(c[9], c[10], s, n) then
        local room_s, room_n = subtract(c[9], c[10], s, n)
        granted = share(c[4], (room_s * 1000000000 + room_n) / (c[11] * 1000000000 + c[12]))
        local more_s, more_n = times(c[11], c[12], granted)
        while granted > 0 and above(more_s, more_n, room_s, room_n) do
          granted = granted - 1
          more_s, more_n = times(c[11], c[12], granted)
        end
        s, n = add(s, n, more_s, more_n)
      end
      if c[3] + granted > 0 then rate_set(key, s, n) end
      return granted
    end
    adjust[1] = function(key, c)
      local s, n = rate_used(key)
      if c[3] > 0 then s, n = add(s, n, c[5], c[6]) else s, n = subtract(s, n, c[5], c[6]) end
      if above(s, n, c[7], c[8]) then s, n = c[7], c[8] end
      if s < 0 or (s == 0 and n == 0) then redis.call('DEL', key) else rate_set(key, s, n) end
    end

    """
}
