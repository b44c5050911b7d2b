-- wrk -s web.lua URL -- form|get TAG PATH…: asks for the paths in turn, or sends the sign-up form with another address each
-- time; prints one line of figures, latencies in microseconds.
local next_number, kind, tag, paths = 0, nil, nil, {}

function init(args)
  kind, tag = args[1], args[2]
  for i = 3, #args do paths[#paths + 1] = args[i] end
  -- Addresses differ between runs of one process.
  next_number = os.time() * 100000
end

function request()
  next_number = next_number + 1
  local path = paths[next_number % #paths + 1]
  if kind == "form" then
    local body = string.format("email=reader%.0f%%40d%d.example.org&name=&timezone=&website=", next_number, next_number % 997)
    return wrk.format("POST", path, { ["Content-Type"] = "application/x-www-form-urlencoded" }, body)
  end
  if tag ~= "-" then return wrk.format("GET", path, { ["If-None-Match"] = tag }) end
  return wrk.format("GET", path)
end

function done(summary, latency)
  local e = summary.errors
  print(string.format("FIGURES %d %d %d %d %d %d", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), summary.bytes, e.connect + e.read + e.write + e.status + e.timeout))
end
