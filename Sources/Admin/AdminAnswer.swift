import GatewayKit
import HTTPTypes
import Hummingbird
import NIOCore

/// An answer of the operators' interface that is JSON.
struct AdminAnswer {
  let status: HTTPResponse.Status
  let body: String
  var fields = HTTPFields()

  init(_ status: HTTPResponse.Status, body: String) {
    self.status = status
    self.body = body
  }

  /// A refusal in the form that the gateway's own errors have.
  init(refusing status: HTTPResponse.Status, _ reason: String, _ message: String) {
    self.status = status
    let type = Reply.typeName(for: UInt16(clamping: status.code))
    body = TextObject.render([("type", type), ("message", message), ("reason", reason)]) + "\n"
  }

  var response: Response {
    var fields = fields
    fields[.contentType] = "application/json"
    fields[.cacheControl] = "no-store"
    return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
  }
}
