/// The names that the published description (1.31.0) allows in the `scope` of a user API token.
enum KnownScopes {
  static func contains(_ name: String) -> Bool { names.contains(name) }

  static let names: Set<String> = {
    var names: Set<String> = []
    for line in table.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let resource = words.first?.dropLast() else { continue }
      for word in words.dropFirst() { names.insert("\(resource).\(word)") }
    }
    return names
  }()

  /// A resource or a kind of group, and what may follow it after a point.
  private static let table = """
    all: Application Application.bounded Application.cli Application.read Device Device.read Instance
    all: Instance.bounded Instance.read Organization Organization.bounded Organization.read User User.bounded
    all: User.cli User.read
    application: * applyTemplate archiveData backfillArchiveData clone debug delete deviceCounts export
    application: fullDataTablesArchive fullEventsArchive get import importLogs mqttPublishMessage
    application: mqttSubscriptionStream notebookMinuteCounts patch payloadCounts payloadCountsBreakdown search
    applicationApiToken: * delete get patch
    applicationApiTokens: * get post
    applicationCertificate: * delete get patch
    applicationCertificateAuthorities: * get post
    applicationCertificateAuthority: * delete get patch
    applicationCertificates: * get post
    applicationDashboard: * delete get patch sendReport
    applicationDashboards: * get post
    applicationJobLog: * get
    applicationJobLogs: * get
    applicationKey: * delete get patch
    applicationKeys: * get post
    applicationTemplate: * get
    applicationTemplates: * get getCategories getUniqueKeywords
    applications: * detailedSummary get import periodSummaries post
    auditLog: * get
    auditLogs: * get
    credential: * delete get linkedResources patch
    credentials: * get post
    dashboard: * delete patch sendReport suggestCode
    dashboards: * get post
    data: * export lastValueQuery timeSeriesQuery
    dataTable: * addColumn delete get patch removeColumn
    dataTableRow: * delete get patch
    dataTableRows: * delete export get post query truncate
    dataTables: * get post
    device: * agentLogs commandStream debug delete export get getCommand getCompositeState getLogEntries getState
    device: patch payloadCounts payloadCountsBreakdown removeData sendCommand sendState setConnectionStatus
    device: stateStream
    deviceAttribute: * delete get patch
    deviceAttributes: * get post
    deviceRecipe: * bulkCreate delete get patch
    deviceRecipes: * get post
    devices: * attributeNames delete deviceNames export get getCompositeState historicalImport patch payloadCounts
    devices: post removeData restore sendCommand tagKeys tagValues
    edgeDeployment: * get
    edgeDeployments: * get release remove replace
    embeddedDeployment: * get
    embeddedDeployments: * export get release remove replace
    event: * delete get patch
    events: * delete detailedSummary export get mostRecentBySeverity patch post
    experience: * bootstrap delete
    experienceDomain: * delete get patch
    experienceDomains: * get post
    experienceEndpoint: * delete get linkedResources patch
    experienceEndpoints: * get post stats
    experienceGroup: * delete get patch
    experienceGroups: * detailedSummary get post
    experienceSlug: * delete get patch
    experienceSlugs: * get post
    experienceUser: * delete get patch
    experienceUsers: * detailedSummary get post
    experienceVersion: * delete get patch
    experienceVersions: * get post
    experienceView: * debug delete get linkedResources patch
    experienceViews: * debug detailedSummary get post
    file: * delete get move patch upload
    files: * get post
    flow: * clearStorageEntries debug delete errors get getStorageEntries getStorageEntriesMetadata log patch
    flow: pressVirtualButton setStorageEntry stats suggestFunction
    flowVersion: * debug delete errors get log patch stats
    flowVersions: * delete get post
    flows: * get getByVersion import palette post
    instance: * deviceCounts entitlements generateReport get historicalSummaries notebookMinuteCounts patch
    instance: payloadCounts payloadCountsBreakdown
    instanceApiToken: * delete get patch
    instanceApiTokens: * get post
    instanceAuditLog: * get
    instanceAuditLogs: * get
    instanceCustomNode: * delete errors get patch stats
    instanceCustomNodes: * get post
    instanceMember: * delete get patch
    instanceMembers: * get post
    instanceNotificationRule: * delete evaluate get logs patch
    instanceNotificationRules: * get post
    instanceOrg: * convertToEnterprise delete deviceCounts entitlement entitlementSync get notebookMinuteCounts
    instanceOrg: patch payloadCounts payloadCountsBreakdown
    instanceOrgInvite: * delete get resendInvite
    instanceOrgInvites: * get post
    instanceOrgMember: * delete get patch
    instanceOrgMembers: * get post
    instanceOrgs: * get post
    instanceSandbox: * delete deviceCounts get notebookMinuteCounts payloadCounts payloadCountsBreakdown undelete
    instanceSandboxes: * get
    instances: * get
    integration: * delete get patch
    integrations: * get post
    me: * addRecentItem changePassword connectGithub delete deviceCounts disableTwoFactorAuth disconnectGithub
    me: enableTwoFactorAuth entitlements fetchRecentItems generateTwoFactorAuth get invite invites
    me: notebookMinuteCounts patch payloadCounts payloadCountsBreakdown refreshToken respondToInvite
    me: transferResources verifyEmail
    notebook: * delete execute get logs notebookMinuteCounts patch requestInputDataExport upload
    notebooks: * get post
    only: Organization Organization.bounded Organization.read User User.bounded User.read
    org: * currentCard delete deviceCounts get inviteMember invoices modifyMember notebookMinuteCounts patch
    org: payloadCounts payloadCountsBreakdown pendingInvites removeMember revokeInvite transferResources
    orgs: * get post
    privateFile: * delete get move patch upload
    privateFiles: * get post
    resourceJob: * cancelExecution delete execute get logs patch
    resourceJobs: * get post
    userApiToken: * delete get patch
    userApiTokens: * get post
    userOauthClient: * delete get patch
    userOauthClients: * get post
    userOauthToken: * delete get patch
    userOauthTokens: * get post
    webhook: * delete get patch
    webhooks: * get post
    """
}
