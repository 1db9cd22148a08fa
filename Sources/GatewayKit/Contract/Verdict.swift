/// What a filter says of an exchange.
public enum Verdict {
  /// Go on with the next filter.
  case next
  /// Answer now; later filters of the request's way are not asked, those of the response's way are.
  case reply(Reply)
  /// Something asynchronous has to finish first.
  ///
  /// The filter must have taken a ``Resumption`` with ``Exchange/suspend()`` before it says so. The exchange goes on when
  /// that is resumed, is answered with 504 when its deadline passes, and is dropped when the client has gone.
  case wait
}

/// What a filter that said ``Verdict/wait`` says when it has finished.
public enum Continuation: Sendable {
  /// Go on with the next filter.
  case next
  /// Ask the same filter once more, on the exchange's loop; for filters that wait to learn facts and judge synchronously.
  case again
  /// Answer now.
  case reply(Reply)
}
