extension LimitScript {
  /// So many units at a time.
  ///
  /// ```
  /// c[3] cost (held: the units that are to be held, or -1 to go on holding those that are), c[4] units wanted in advance,
  /// c[5] the limit, c[6] the life of what is held, in seconds
  /// reply: units that are taken, 0, 0, 0, 0
  /// ```
  ///
  /// The key is a hash: for each holder how many units it holds and the second until which it does without saying more; `t`
  /// is the sum, and `c` the second at which it is next looked whether holders have gone, which is every third of the
  /// life. So a request need not look at all holders, and a sum that was wrong does not stay so.
  static let concurrent = """
    local function hold_open(key, c)
      local kept = redis.call('HMGET', key, 't', 'c', holder)
      local h = {total = tonumber(kept[1] or '0'), check = tonumber(kept[2] or '0'), own = 0}
      if kept[3] then h.own = tonumber(string.match(kept[3], '^(%d+) %d+$')) end
      if h.check > now_s and h.check <= now_s + c[6] then return h end
      h.total, h.check = 0, now_s + math.ceil(c[6] / 3)
      local all = redis.call('HGETALL', key)
      for i = 1, #all, 2 do
        local count, ends = string.match(all[i + 1], '^(%d+) (%d+)$')
        if count and tonumber(ends) <= now_s then
          redis.call('HDEL', key, all[i])
          if all[i] == holder then h.own = 0 end
        elseif count then
          h.total = h.total + tonumber(count)
          if tonumber(ends) > now_s + c[6] then
            redis.call('HSET', key, all[i], string.format('%.0f %.0f', tonumber(count), now_s + c[6]))
          end
        end
      end
      return h
    end
    local function hold_set(key, c, h, own)
      h.total = h.total + own - h.own
      if own > 0 then
        redis.call('HSET', key, holder, string.format('%.0f %.0f', own, now_s + c[6]))
      else
        redis.call('HDEL', key, holder)
      end
      if h.total <= 0 then return redis.call('DEL', key) end
      redis.call('HSET', key, 't', string.format('%.0f', h.total), 'c', string.format('%.0f', h.check))
      redis.call('PEXPIRE', key, string.format('%.0f', c[6] * 2000 + keep))
    end
    judge[4] = function(key, c)
      c.h = hold_open(key, c)
      c.reply = {c.h.total, 0, 0, 0, 0}
      return c[3] == 0 or (c[2] < 2 and c.h.total <= c[5] - c[3])
    end
    take[4] = function(key, c)
      local granted = share(c[4], c[5] - c.h.total - c[3])
      if c[3] + granted > 0 then hold_set(key, c, c.h, c.h.own + c[3] + granted) end
      return granted
    end
    adjust[4] = function(key, c)
      local h = hold_open(key, c)
      hold_set(key, c, h, math.min(math.max(0, h.own + c[3]), 4503599627370496))
    end
    local function hold(key, c)
      local h = hold_open(key, c)
      if c[3] >= 0 then hold_set(key, c, h, c[3]) elseif h.own > 0 then hold_set(key, c, h, h.own) end
    end

    """
}
