import GatewayKit
import HTTPWire

extension Exchange {
  /// Lends the request's head in its place: a method called on the property itself would be given a copy, each of whose
  /// references is counted.
  @inline(__always)
  func withRequest<R>(_ body: (inout RequestHead) -> R) -> R { body(&request) }

  /// The same for the response's head.
  @inline(__always)
  func withResponse<R>(_ body: (inout ResponseHead) -> R) -> R { body(&response) }
}
