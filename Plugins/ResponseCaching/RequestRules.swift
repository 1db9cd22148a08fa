import GatewayKit
import HTTPWire

/// Which requests take part in the cache at all.
enum RequestRules {
  /// Fields whose requests go by: some conditions are the origin's to judge; what a cookie or a method override does, the
  /// gateway cannot know.
  private static let bypassing: FieldIDSet = [
    .ifMatch, .ifUnmodifiedSince, .cookie, .xHTTPMethodOverride, .xMethodOverride, .xOriginalURL, .xRewriteURL,
    .lastEventID, .upgrade, .expect,
  ]

  /// Whether a GET or HEAD may be answered from the cache and its answer be kept.
  ///
  /// - Parameter judgesConditions: whether parts and the conditions of ``Preconditions`` are the cache's to judge.
  static func mayTakePart(_ request: RequestHead, judgesConditions: Bool) -> Bool {
    guard request.framing == .none || request.framing == .length(0) else { return false }
    let present = request.block.present
    guard present.intersection(bypassing).isEmpty else { return false }
    guard judgesConditions || present.intersection(Preconditions.fields).isEmpty else { return false }
    return !present.contains(.connection) || namesNoField(request.block)
  }

  /// A field that `Connection` names does not reach the origin, so the answer would not be the one for the request as it
  /// stands here.
  private static func namesNoField(_ block: FieldBlock) -> Bool {
    for index in block.fields.indices where block.fields[index].id == .connection {
      let isPlain = block.withValue(index) { value in
        var isPlain = true
        ListScanner.forEach(in: value) { option in
          if !OctetClass.equalIgnoringCase(option, "keep-alive"), !OctetClass.equalIgnoringCase(option, "close") {
            isPlain = false
          }
        }
        return isPlain
      }
      if !isPlain { return false }
    }
    return true
  }
}
