extension LimitScript {
  /// So many units in a period of the calendar, as `CalendarWindow` judges; the period is the one of the script's time.
  ///
  /// ```
  /// c[3] cost, c[4] units wanted in advance, c[5] the limit, c[6] to c[9] the borders: where the period before begins,
  /// this one, the next, and where that ends; c[10] the period that units must be of to be given back, 0 for any
  /// reply: units that are taken, the time that is left of the period, where it begins, 0
  /// ```
  ///
  /// The value is where the period begins and what was taken in it. It expires with the period. Units are granted in
  /// advance only in the period of the time, not in one that was begun before the clock was set back.
  static let calendar = """
    local function calendar_open(key, c)
      if wall_s < c[7] then c.from, c.till = c[6], c[7]
      elseif wall_s < c[8] then c.from, c.till = c[7], c[8]
      else c.from, c.till = c[8], c[9] end
      local value = redis.call('GET', key)
      if not value then return end
      local kept, used = string.match(value, '^(%-?%d+) (%d+)$')
      if not kept then error('the key holds no period') end
      c.kept, c.used = tonumber(kept), tonumber(used)
      if c.kept > c[8] then c.kept, c.used = nil, nil end
    end
    local function calendar_set(key, c)
      local till = c[9]
      if c.kept < c[7] then till = c[7] elseif c.kept < c[8] then till = c[8] end
      local life = math.max(0, milliseconds(subtract(till, 0, wall_s, wall_n))) + keep
      redis.call('SET', key, string.format('%.0f %.0f', c.kept, c.used), 'PX', string.format('%.0f', life))
    end
    judge[3] = function(key, c)
      calendar_open(key, c)
      if not c.kept or c.kept < c.from then c.kept, c.used = c.from, 0 end
      local s, n = subtract(c.till, 0, wall_s, wall_n)
      if s < 0 then s, n = 0, 0 end
      c.reply = {c.used, s, n, c.from, 0}
      return c[3] == 0 or (c[2] < 2 and c.used <= c[5] - c[3])
    end
    take[3] = function(key, c)
      local granted = 0
      if c.kept == c.from then granted = share(c[4], c[5] - c.used - c[3]) end
      c.used = c.used + c[3] + granted
      if c[3] + granted > 0 then calendar_set(key, c) end
      return granted
    end
    adjust[3] = function(key, c)
      calendar_open(key, c)
      if c[10] > 0 and (c.kept ~= c[10] or c.from ~= c[10]) then return end
      if not c.kept or c.kept < c.from then
        if c[3] <= 0 then return end
        c.kept, c.used = c.from, 0
      end
      c.used = math.min(math.max(0, c.used + c[3]), 4503599627370496)
      calendar_set(key, c)
    end

    """
}
