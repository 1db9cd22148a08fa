import GatewayTesting

/// Long patience with clients: on a busy machine a test may not get to write for a while.
let patience = "timeouts: { request_head: 5m, body_idle: 5m, keep_alive_idle: 5m }"

/// A configuration with one domain, `example.com`, in front of one origin.
func configuration(origin: Int, pluginWait: String = "5s", _ more: String = "") -> String {
  """
  version: 1
  listeners:
    - bind: 127.0.0.1:0
  timeouts: { request_head: 5m, body_idle: 5m, keep_alive_idle: 5m, plugin_wait: \(pluginWait) }
  upstreams:
    origin: { endpoints: ["http://127.0.0.1:\(origin)"] }
  domains:
    - name: example.com
      upstream: origin
  \(more)
  """
}

/// A request for `example.com`, with further lines, each without its CRLF.
func request(_ line: String, _ fields: String..., content: String = "") -> String {
  let head = ["\(line) HTTP/1.1", "Host: gateway.test", "losantdomain: example.com"] + fields
  return head.map { $0 + "\r\n" }.joined() + "\r\n" + content
}

let helloResponse = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello"

/// Sends text on a fresh connection and returns all that comes until the gateway closes.
func answer(to text: String, port: Int) async throws -> String {
  try await RawConnection.with(port: port) { exchange in
    try await exchange.send(text)
    return await exchange.receiveAll()
  }
}
