extension WireError {
  /// The reason code and the message of each code; a table, so that none is forgotten.
  var text: (reason: StaticString, message: StaticString) {
    switch code {
    case .startLineTooLong: ("start_line_too_long", "The request line is longer than this gateway allows.")
    case .statusLineTooLong: ("status_line_too_long", "The status line is longer than this gateway allows.")
    case .requestLineInvalid: ("request_line_invalid", "The request line must read: method target HTTP/1.1.")
    case .statusLineInvalid: ("status_line_invalid", "The status line must read: HTTP/1.1 status reason.")
    case .versionUnsupported: ("version_unsupported", "The protocol version must be HTTP/1.1 or HTTP/1.0.")
    case .methodTooLong: ("method_too_long", "The method must have at most 32 letters.")
    case .methodUnsupported: ("method_unsupported", "CONNECT and TRACE are not served here.")
    case .targetInvalid: ("target_invalid", "The target must be a path, an http or https address, or * with OPTIONS.")
    case .pathInvalid: ("path_invalid", "The path holds a character that must be percent-encoded.")
    case .pathPercentInvalid: ("path_percent_invalid", "A percent sign in the path must be followed by two hex digits.")
    case .pathControl: ("path_control", "The path must not hold encoded control characters.")
    case .pathAboveRoot: ("path_above_root", "The path must not climb above the root.")
    case .pathAmbiguous:
      ("path_ambiguous", "A dot segment of the path must not hide behind an encoded slash or a parameter.")
    case .queryInvalid: ("query_invalid", "The query holds an encoded NUL, or a character that must be encoded.")
    case .headTooLarge: ("head_too_large", "The fields together are larger than this gateway allows.")
    case .tooManyFields: ("too_many_fields", "There are more fields than this gateway allows.")
    case .lineEndInvalid: ("line_end_invalid", "Every line of the head must end in CR LF.")
    case .fieldLineFolded: ("field_line_folded", "A field line must not begin with a blank.")
    case .fieldLineInvalid: ("field_line_invalid", "A field line must read: name, colon, value.")
    case .fieldNameBlank: ("field_name_blank", "There must be no blank between a field's name and the colon.")
    case .fieldNameInvalid: ("field_name_invalid", "A field's name must be a token.")
    case .fieldNameLookAlike:
      ("field_name_look_alike", "A field's name looks like one that this gateway judges by; spell it with its hyphens.")
    case .fieldValueInvalid: ("field_value_invalid", "A field's value must not hold control characters.")
    case .fieldRepeated: ("field_repeated", "A field that may be sent once was sent several times.")
    case .hostMissing: ("host_missing", "A request of HTTP/1.1 must have a Host field.")
    case .hostRepeated: ("host_repeated", "There must be one Host field.")
    case .hostInvalid: ("host_invalid", "The host must be a name or an address, with a port at most.")
    case .hostDisagrees: ("host_disagrees", "The target and the Host field name different hosts.")
    case .contentLengthInvalid: ("content_length_invalid", "Content-Length must be a decimal number.")
    case .contentLengthRepeated: ("content_length_repeated", "There must be one Content-Length field.")
    case .contentLengthWithTransferEncoding:
      ("content_length_with_transfer_encoding", "Content-Length and Transfer-Encoding exclude each other.")
    case .transferEncodingInvalid: ("transfer_encoding_invalid", "Transfer-Encoding must be one chunked.")
    case .transferEncodingUnsupported:
      ("transfer_encoding_unsupported", "The only transfer coding understood here is chunked.")
    case .transferEncodingRepeated: ("transfer_encoding_repeated", "There must be one Transfer-Encoding field.")
    case .transferEncodingInHTTP10:
      ("transfer_encoding_in_http_1_0", "HTTP/1.0 knows no Transfer-Encoding; send a Content-Length.")
    case .chunkSizeInvalid: ("chunk_size_invalid", "A chunk must begin with its size in hex digits and CR LF.")
    case .chunkExtensionInvalid: ("chunk_extension_invalid", "A chunk extension must read: semicolon, name, =, value.")
    case .chunkExtensionTooLong: ("chunk_extension_too_long", "A chunk extension is longer than this gateway allows.")
    case .chunkOverheadTooLarge:
      ("chunk_overhead_too_large", "The chunks' heads outweigh their content; send larger chunks.")
    case .chunkEndInvalid: ("chunk_end_invalid", "A chunk's content must be followed by CR LF.")
    case .trailerInvalid: ("trailer_invalid", "A trailer line must read: name, colon, value, CR LF.")
    case .trailerTooLarge: ("trailer_too_large", "The trailer section is larger than this gateway allows.")
    case .bodyTruncated: ("body_truncated", "The connection ended before the content was complete.")
    case .contentForbidden: ("content_forbidden", "A response of 1xx or 204 must not announce content.")
    case .expectationUnsupported: ("expectation_unsupported", "The only expectation met here is 100-continue.")
    case .connectionNamesProtectedField:
      ("connection_names_protected_field", "Connection must not name a field that is meant for the receiver.")
    }
  }
}
