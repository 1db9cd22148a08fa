import ArgumentParser
import UserApiTokens

/// `gatehouse tokens list`
struct TokensListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List your tokens.",
    discussion: "Needs one of the scopes all.User, all.User.read, only.User.read or userApiTokens.get, among others.")

  @Option(help: "What to sort by.") var sort: SortField?
  @Flag(help: "Sort downwards.") var descending = false
  @Option(help: "Which page, from 0.") var page: Int?
  @Option(help: "Tokens per page, 1 to 1000.") var perPage: Int?
  @Option(help: "What --filter looks at.") var filterField: FilterField?
  @Option(help: "Only what matches this pattern; * stands for any characters.") var filter: String?
  @Flag(help: "Fetch all pages.") var all = false
  @OptionGroup var connection: TokensConnection

  func validate() throws {
    if all, page != nil { throw ValidationError("--all fetches every page; leave --page out") }
    if let page, page < 0 { throw ValidationError("--page counts from 0") }
    if let perPage, !(1...1000).contains(perPage) { throw ValidationError("--per-page is a number from 1 to 1000") }
  }

  func run() async throws {
    try await connection.run { client in
      if all { try await printAll(client) } else { try await printPage(client) }
    }
  }

  private var field: FilterField? { filterField ?? (filter == nil ? nil : .name) }

  private func printPage(_ client: UserApiTokensClient) async throws {
    let answer = try await client.userApiTokens.get(
      sortField: sort, sortDirection: descending ? .descending : nil, page: page, perPage: perPage,
      filterField: field, filter: filter, options: connection.options)
    if connection.json { return try Terminal.json(answer) }
    Terminal.table(ApiToken.tableHead, answer.items.map(\.tableRow))
    if let total = answer.totalCount, total > answer.items.count {
      Terminal.note("\(answer.items.count) of \(total) tokens; --all shows all, --page another page")
    }
  }

  private func printAll(_ client: UserApiTokensClient) async throws {
    var tokens: [ApiToken] = []
    let list = client.userApiTokens.all(
      sortField: sort ?? .id, sortDirection: descending ? .descending : nil, perPage: perPage ?? 1000,
      filterField: field, filter: filter, options: connection.options)
    for try await token in list { tokens.append(token) }
    if connection.json { return try Terminal.json(tokens) }
    Terminal.table(ApiToken.tableHead, tokens.map(\.tableRow))
  }
}

/// `gatehouse tokens show`
struct TokensShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one token. The token itself cannot be shown again after its creation.",
    discussion: "Needs one of the scopes all.User, all.User.read, only.User.read or userApiToken.get, among others.")

  @Argument(help: "The token's id, 24 hex digits.") var id: String
  @OptionGroup var connection: TokensConnection

  func run() async throws {
    try await connection.run { client in
      let token = try await client.userApiToken.get(apiTokenId: id, options: connection.options)
      if connection.json { try Terminal.json(token) } else { token.printDetails() }
    }
  }
}
