/// Why a message was refused.
///
/// One byte large, so that throwing it costs nothing; texts and status follow from the code.
public struct WireError: Error, Sendable, Hashable {
  /// What was wrong.
  public let code: Code

  /// An error of that code.
  public init(_ code: Code) { self.code = code }

  /// The closed list of what can be wrong with bytes.
  public enum Code: UInt8, Sendable, Hashable, CaseIterable {
    // Start lines
    case startLineTooLong, statusLineTooLong, requestLineInvalid, statusLineInvalid, versionUnsupported
    case methodTooLong, methodUnsupported
    case targetInvalid, pathInvalid, pathPercentInvalid, pathControl, pathAboveRoot, pathAmbiguous
    case queryInvalid
    // Fields
    case headTooLarge, tooManyFields, lineEndInvalid, fieldLineFolded, fieldLineInvalid, fieldNameBlank
    case fieldNameInvalid, fieldNameLookAlike, fieldValueInvalid, fieldRepeated
    // Host
    case hostMissing, hostRepeated, hostInvalid, hostDisagrees
    // Framing
    case contentLengthInvalid, contentLengthRepeated, contentLengthWithTransferEncoding
    case transferEncodingInvalid, transferEncodingUnsupported, transferEncodingRepeated, transferEncodingInHTTP10
    // Content
    case chunkSizeInvalid, chunkExtensionInvalid, chunkExtensionTooLong, chunkOverheadTooLarge, chunkEndInvalid
    case trailerInvalid, trailerTooLarge, bodyTruncated, contentForbidden
    // Others
    case expectationUnsupported, connectionNamesProtectedField
  }

  /// A suggestion for the answer to a request with this fault. A response with it is a 502 whatever the code.
  public var status: UInt16 {
    switch code {
    case .startLineTooLong: 414
    case .headTooLarge, .tooManyFields, .trailerTooLarge: 431
    case .versionUnsupported: 505
    case .methodUnsupported, .transferEncodingUnsupported: 501
    case .expectationUnsupported: 417
    case .chunkExtensionTooLong, .chunkOverheadTooLarge: 413
    default: 400
    }
  }

  /// Whether the connection must be closed because nobody can say where the next message begins. True for everything
  /// but a fault that leaves the framing beyond doubt.
  public var closesConnection: Bool {
    switch code {
    case .expectationUnsupported, .connectionNamesProtectedField: false
    default: true
    }
  }

  /// A stable code in snake case for logs, metrics and answers.
  public var reason: StaticString { text.reason }

  /// What was wrong and what would be right, for people.
  public var message: StaticString { text.message }
}

extension WireError: CustomStringConvertible {
  /// The reason and the message.
  public var description: String { "\(reason): \(message)" }
}
