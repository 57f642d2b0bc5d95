/* redis_script — the scripts that Redis runs for us, in its Lua: what has to be all or nothing.
 * Everything of users is in KEYS and ARGV, never in the text. */
/* SPDX-License-Identifier: MIT */
#ifndef STORE_REDIS_SCRIPT_H
#define STORE_REDIS_SCRIPT_H

enum redis_script { REDIS_SCRIPT_WRITE, REDIS_SCRIPT_LEASE, REDIS_SCRIPT_COUNT };

enum {
    REDIS_SCRIPT_WORDS = 6, /* of each item, in ARGV of the first */
    REDIS_SCRIPT_TAKEN = -1,
    REDIS_SCRIPT_DAMAGED = -1, /* of the second */
};

/* Writes items. KEYS[1] is the realm's stream of notices, KEYS[1 + i] is where item i is kept. Of
 * each item ARGV has: what to do (set or delete in a hash: "H", "h"; a string: "S", "s"; nothing:
 * "-"), "1" when it must be new, its table when a notice is due or else "", field, value, and when
 * the key ends: of a string in milliseconds since 1970, of a hash from now; "0": never. Returns 0;
 * REDIS_SCRIPT_TAKEN; or the number of the key that holds another kind of thing. */
static const char redis_script_write[] =
    "local function kind(key, wanted)\n"
    "  local found = redis.call('TYPE', key).ok\n"
    "  return found == 'none' or found == wanted\n"
    "end\n"
    "local function word(i, n) return ARGV[(i - 1) * 6 + n] end\n"
    "local tells = false\n"
    "for i = 1, #KEYS - 1 do\n"
    "  local what, key = word(i, 1), KEYS[i + 1]\n"
    "  tells = tells or word(i, 3) ~= ''\n"
    "  if what ~= '-' then\n"
    "    local is_hash = string.lower(what) == 'h'\n"
    "    if not kind(key, is_hash and 'hash' or 'string') then return i + 1 end\n"
    "    if word(i, 2) == '1' then\n"
    "      local there = is_hash and redis.call('HEXISTS', key, word(i, 4))\n"
    "        or not is_hash and redis.call('EXISTS', key)\n"
    "      if there == 1 then return -1 end\n"
    "    end\n"
    "  end\n"
    "end\n"
    "if tells and not kind(KEYS[1], 'stream') then return 1 end\n"
    "for i = 1, #KEYS - 1 do\n"
    "  local what, key, table = word(i, 1), KEYS[i + 1], word(i, 3)\n"
    "  local field, value, ends = word(i, 4), word(i, 5), word(i, 6)\n"
    "  if what == 'H' then redis.call('HSET', key, field, value)\n"
    "  elseif what == 'h' then redis.call('HDEL', key, field)\n"
    "  elseif what == 'S' then redis.call('SET', key, value)\n"
    "  elseif what == 's' then redis.call('DEL', key) end\n"
    "  if ends ~= '0' then\n"
    "    redis.call(what == 'S' and 'PEXPIREAT' or 'PEXPIRE', key, ends)\n"
    "  end\n"
    "  if table ~= '' then\n"
    "    redis.call('XADD', KEYS[1], 'MAXLEN', '~', '100000', '*',\n"
    "      'table', table, 'key', field, 'value', value)\n"
    "  end\n"
    "end\n"
    "return 0\n";

/* Leases. KEYS[1] is the account's hash, node -> "granted:until", milliseconds of Redis's own
 * clock. ARGV has node, used, want, limit, and for how many milliseconds. Returns what is granted,
 * or REDIS_SCRIPT_DAMAGED. Versions before 5 replicate commands and not the script only when told
 * to; before 7 a script that asks for the time must not write otherwise. */
static const char redis_script_lease[] =
    "pcall(function() redis.replicate_commands() end)\n"
    "local time = redis.call('TIME')\n"
    "local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"
    "local me, used, want = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])\n"
    "local limit, lasts = tonumber(ARGV[4]), tonumber(ARGV[5])\n"
    "local others, last, lapsed = 0, 0, {}\n"
    "local all = redis.call('HGETALL', KEYS[1])\n"
    "for i = 1, #all, 2 do\n"
    "  local granted, ends = string.match(all[i + 1], '^(%d+):(%d+)$')\n"
    "  if not granted then return -1 end\n"
    "  granted, ends = tonumber(granted), tonumber(ends)\n"
    "  if ends <= now then lapsed[#lapsed + 1] = all[i]\n"
    "  elseif all[i] ~= me then\n"
    "    others, last = others + granted, math.max(last, ends)\n"
    "  end\n"
    "end\n"
    "for i = 1, #lapsed do redis.call('HDEL', KEYS[1], lapsed[i]) end\n"
    "local granted = math.max(used, math.min(want, math.max(0, limit - others)))\n"
    "if granted == 0 then redis.call('HDEL', KEYS[1], me)\n"
    "else\n"
    "  redis.call('HSET', KEYS[1], me, string.format('%.0f:%.0f', granted, now + lasts))\n"
    "  last = math.max(last, now + lasts)\n"
    "end\n"
    "if last > now then redis.call('PEXPIRE', KEYS[1], string.format('%.0f', last - now)) end\n"
    "return granted\n";

/* redis_script_text — the text of one of them, static. Never fails. */
static inline const char *redis_script_text(enum redis_script script)
{
    return script == REDIS_SCRIPT_WRITE ? redis_script_write : redis_script_lease;
}

#endif
