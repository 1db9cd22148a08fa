/// The tokens of all pages of a list. Pages are fetched one at a time, when they are needed.
public struct ApiTokenSequence: AsyncSequence, Sendable {
  /// A token, without its secret.
  public typealias Element = ApiToken
  /// What ends the sequence early.
  public typealias Failure = UserApiTokensError

  let actions: UserApiTokensActions
  let sortField: SortField?
  let sortDirection: SortDirection?
  let perPage: Int
  let filterField: FilterField?
  let filter: String?
  let maximumPages: Int
  let options: CallOptions

  /// Begins at the first page.
  public func makeAsyncIterator() -> Iterator { Iterator(list: self) }

  func fetch(page: Int) async throws(UserApiTokensError) -> ApiTokens {
    try await actions.get(
      sortField: sortField, sortDirection: sortDirection, page: page, perPage: perPage, filterField: filterField,
      filter: filter, options: options)
  }

  /// Walks over the pages. It ends with an empty page, with a page that is shorter than it could be, or when as many
  /// tokens were seen as there are. After an error it is at its end.
  public struct Iterator: AsyncIteratorProtocol {
    let list: ApiTokenSequence
    private var waiting: ArraySlice<ApiToken> = []
    private var seen: Set<String> = []
    private var page = 0
    private var received = 0
    private var ended = false

    init(list: ApiTokenSequence) { self.list = list }

    /// The next token, or `nil` after the last one.
    public mutating func next() async throws -> ApiToken? { try await following() }

    /// The next token, or `nil` after the last one.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(UserApiTokensError) -> ApiToken? {
      try await following()
    }

    private mutating func following() async throws(UserApiTokensError) -> ApiToken? {
      if Task.isCancelled {
        ended = true
        throw .cancelled
      }
      while waiting.isEmpty, !ended {
        do {
          try take(try await list.fetch(page: page))
        } catch {
          ended = true
          throw error
        }
      }
      return waiting.popFirst()
    }

    private mutating func take(_ answer: ApiTokens) throws(UserApiTokensError) {
      // A token may move to a later page while the list is read; it is given out once.
      let fresh = answer.items.filter { seen.insert($0.id).inserted }
      received += answer.items.count
      ended = isLast(answer)
      if fresh.isEmpty, !ended {
        throw .endlessList(page: page, reason: "it holds only tokens that earlier pages held")
      }
      page += 1
      if seen.count > list.maximumPages * list.perPage {
        throw .endlessList(page: page, reason: "more tokens than \(list.maximumPages) pages hold")
      }
      if page >= list.maximumPages, !ended {
        throw .endlessList(page: page, reason: "more than \(list.maximumPages) pages")
      }
      waiting = fresh[...]
    }

    private func isLast(_ answer: ApiTokens) -> Bool {
      if answer.items.isEmpty { return true }
      if let total = answer.totalCount { return received >= total }
      // The server may allow fewer per page than were asked for.
      return answer.items.count < Swift.min(list.perPage, answer.perPage ?? list.perPage)
    }
  }
}
