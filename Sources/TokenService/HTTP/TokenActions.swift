import Foundation
import GRDB
import Hummingbird
import UserApiTokens

/// What the five actions do, once the request is known to be well formed.
struct TokenActions: Sendable {
  let store: TokenStore
  let issuer: TokenIssuer
  let authenticator: Authenticator
  let now: @Sendable () -> Date

  /// Parameters first, then the token, then the scope, as the API does it.
  func respond(to request: ActionRequest) async throws -> Response {
    let input = try Input(request)
    let caller = try await authenticator.caller(
      Credential(query: request.query, headers: request.headers), losantdomain: request.headers[.losantdomain])
    guard request.action.isAllowed(by: caller.scope) else { throw ServiceFailure.forbidden }
    let extras = Extras(query: request.query, scopes: caller.scope)
    switch input {
    case .list(let query): return try await list(query, caller, extras)
    case .create(let draft): return try await create(draft, caller, extras)
    case .show(let id): return try await show(id, caller, extras)
    case .change(let id, let change): return try await self.change(id, change, caller, extras)
    case .delete(let id): return try await delete(id, caller)
    }
  }

  private enum Input: Sendable {
    case list(TokenListQuery)
    case create(TokenDraft)
    case show(String)
    case change(String, ApiTokenPatch)
    case delete(String)

    init(_ request: ActionRequest) throws(ServiceFailure) {
      let id = request.tokenID ?? ""
      if request.tokenID != nil, !SchemaChecks.isID(id) { throw .validation("apiTokenId", "pattern mismatch") }
      switch request.action {
      case .list: self = .list(try TokenListQuery(request.query))
      case .create: self = .create(try TokenBodies.post(request.body))
      case .show: self = .show(id)
      case .change: self = .change(id, try TokenBodies.patch(request.body))
      case .delete: self = .delete(id)
      }
    }
  }

  private func list(_ query: TokenListQuery, _ caller: TokenRecord, _ extras: Extras) async throws -> Response {
    let (total, records) = try await store.writer.read { try TokenStore.page(query, of: caller.user, in: $0) }
    var page = ApiTokens(items: records.map { extras.adding(to: $0.model) })
    page.count = records.count
    page.totalCount = total
    page.page = query.page
    page.perPage = query.perPage
    page.sortField = query.sortField
    page.sortDirection = query.sortDirection
    page.filter = query.filter
    page.filterField = query.filterField
    page.ownerId = caller.user
    page.ownerType = .user
    return try Answer.json(extras.adding(to: page))
  }

  private func create(_ draft: TokenDraft, _ caller: TokenRecord, _ extras: Extras) async throws -> Response {
    do {
      let issued = try await issuer.issue(
        draft, owner: Owner(id: caller.user, domain: caller.domain),
        creator: Creator(id: caller.id, type: .apiToken, name: caller.name))
      var token = extras.adding(to: issued.record)
      token.token = issued.secret
      return try Answer.json(token, status: .created)
    } catch TokenServiceError.tooManyTokens(let limit) {
      throw ServiceFailure.validation("apiTokens", "has more items than allowed: at most \(limit) for a user")
    } catch TokenServiceError.unknownUser {
      throw ServiceFailure.unauthorized()
    }
  }

  private func show(_ id: String, _ caller: TokenRecord, _ extras: Extras) async throws -> Response {
    guard let record = try await store.writer.read({ try TokenStore.token(id: id, of: caller.user, in: $0) })
    else { throw ServiceFailure.notFound }
    return try Answer.json(extras.adding(to: record.model))
  }

  private func change(
    _ id: String, _ change: ApiTokenPatch, _ caller: TokenRecord, _ extras: Extras
  ) async throws -> Response {
    let time = WireDate.milliseconds(now())
    let record = try await store.writer.write { database -> TokenRecord in
      guard var record = try TokenStore.token(id: id, of: caller.user, in: database)
      else { throw ServiceFailure.notFound }
      record.apply(change, now: time)
      try record.update(database)
      return record
    }
    return try Answer.json(extras.adding(to: record.model))
  }

  private func delete(_ id: String, _ caller: TokenRecord) async throws -> Response {
    guard try await store.writer.write({ try TokenStore.delete(id: id, of: caller.user, in: $0) })
    else { throw ServiceFailure.notFound }
    return try Answer.json(["success": true])
  }
}
