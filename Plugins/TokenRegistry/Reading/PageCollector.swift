import UserApiTokens

/// Puts the pages of a list together.
struct PageCollector {
  private let perPage: Int
  private let mostTokens: Int
  /// The page to ask for next.
  private(set) var next = 0
  private(set) var isComplete = false
  private(set) var tokens: [String: ListedToken] = [:]
  private(set) var ownerID: String?
  private var total: Int?
  private var received = 0
  private var hasMoved = false

  init(perPage: Int, mostTokens: Int) {
    self.perPage = perPage
    self.mostTokens = mostTokens
  }

  /// Whether the pages are not of one list: their totals differ, a token came twice, or too many or too few came.
  var isTorn: Bool { hasMoved || total.map { $0 != tokens.count } ?? false }

  /// Takes the next page over. The list ends with an empty page, with as many tokens as it is said to have, or, when
  /// that is not said, with a page that is shorter than it could be.
  mutating func take(_ page: ApiTokens) throws(ReadingProblem) {
    if next > 0, page.totalCount != total { hasMoved = true }
    if let number = page.page, number != next {
      throw ReadingProblem("the API answers with page \(number) where page \(next) was asked for")
    }
    total = page.totalCount
    ownerID = ownerID ?? page.ownerId ?? page.items.first?.ownerId
    let before = tokens.count
    for token in page.items { tokens[token.id] = ListedToken(token) }
    received += page.items.count
    let fresh = tokens.count - before
    if fresh < page.items.count { hasMoved = true }
    if tokens.count > mostTokens || (total ?? 0) > mostTokens {
      throw ReadingProblem(
        "the list has more than \(mostTokens) tokens; raise `most_tokens`, or delete tokens that nobody needs")
    }
    isComplete = isLast(page)
    if fresh == 0, !isComplete { throw ReadingProblem("the API's list does not end") }
    next += 1
  }

  private func isLast(_ page: ApiTokens) -> Bool {
    if page.items.isEmpty { return true }
    if let total { return received >= total }
    // The API may allow fewer per page than were asked for.
    return page.items.count < min(perPage, page.perPage ?? perPage)
  }
}
