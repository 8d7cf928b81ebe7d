// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayRegistry
package import SlipwayServing

/// Makes one replica follow the registry and tells the registry what it observes.
package struct Reconciler: Sendable {
    let store: any MetadataStore
    let service: InferenceService
    let replica: ReplicaIdentity
    let addresses: @Sendable () -> [String: String]
    let clock: @Sendable () -> Timestamp
    let warn: @Sendable (String) -> Void
    private let cores: CoreShares?
    private let rollouts: RolloutDriver

    /// - Parameters:
    ///   - cores: How the replica's cores are divided, to be told.
    ///   - addresses: Where the replica listens by now: `http` -> `127.0.0.1:8080`.
    package init(
        store: any MetadataStore, service: InferenceService, replica: ReplicaIdentity, cores: CoreShares? = nil,
        addresses: @escaping @Sendable () -> [String: String], clock: @escaping @Sendable () -> Timestamp,
        warn: @escaping @Sendable (String) -> Void
    ) {
        self.store = store
        self.service = service
        self.replica = replica
        self.addresses = addresses
        self.clock = clock
        self.warn = warn
        self.cores = cores
        rollouts = RolloutDriver(store: store)
    }

    package var replicaID: String { replica.id }

    /// Reads the desired state once and hands it to the data plane.
    package func reconcile() async throws {
        let revisions = try await store.currentRevisions()
        service.apply(revisions.compactMap(Self.assignment))
        rollouts.follow(revisions)
    }

    /// Writes the replica's report.
    package func report() async throws {
        let endpoints = service.statuses().compactMap(Self.observed)
        try await store.report(
            ReplicaRecord(
                id: replica.id, host: replica.host, processID: replica.processID, startedAt: replica.startedAt,
                reportedAt: clock(), addresses: addresses(), endpoints: endpoints, cores: cores))
    }

    /// Follows the registry until the task is cancelled; a registry that does not answer is asked again.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // Listened for before the first reading: a change between the two would go unnoticed.
                let changes = store.changes()
                await reconcileUntilDone()
                for await _ in changes { await reconcileUntilDone() }
            }
            group.addTask {
                // By itself: a registry that is locked must not hold up what time decides.
                while !Task.isCancelled {
                    service.tick()
                    try? await Task.sleep(for: Self.housekeeping)
                }
            }
            group.addTask {
                var last: News?
                var sinceReport = 0
                while !Task.isCancelled {
                    do {
                        try await rollouts.step(service.statuses(), now: .now)
                    } catch {
                        warn("cannot go on with a rollout: \(error)")
                    }
                    let now = News(endpoints: service.statuses().compactMap(Self.observed), addresses: addresses())
                    if now != last || sinceReport >= Self.heartbeatTicks {
                        do { try await report() } catch { warn("cannot report to the registry: \(error)") }
                        last = now
                        sinceReport = 0
                    }
                    sinceReport += 1
                    try? await Task.sleep(for: Self.tick)
                }
            }
        }
    }

    /// Reads the desired state, again and again where the registry does not answer, until the task is cancelled.
    private func reconcileUntilDone() async {
        while !Task.isCancelled {
            do { return try await reconcile() } catch { warn("cannot read the desired state: \(error)") }
            try? await Task.sleep(for: Self.retryDelay)
        }
    }

    /// How long after a reading that failed the next one is tried.
    static let retryDelay: Duration = .seconds(1)
    /// How often the data plane does what time asks for: nothing of it is needed sooner.
    static let housekeeping: Duration = .milliseconds(250)
    /// How soon a change of state is reported.
    static let tick: Duration = .milliseconds(100)
    /// A report is written at least every 5 seconds: a third of the time a report counts.
    static let heartbeatTicks = 50

    /// What a change of which is reported at once; numbers that move with every request are not.
    private struct News: Equatable {
        let endpoints: [[String]]
        let addresses: [String: String]

        init(endpoints: [ObservedEndpoint], addresses: [String: String]) {
            self.endpoints = endpoints.map { endpoint in
                [endpoint.endpoint, "\(endpoint.revision)", endpoint.state, endpoint.message ?? ""]
                    + endpoint.versions.flatMap { ["\($0.version)", $0.state, $0.route] }
            }
            self.addresses = addresses
        }
    }

    static func assignment(_ revision: EndpointRevision) -> EndpointAssignment? {
        revision.spec.map { EndpointAssignment(endpoint: revision.endpoint, revision: revision.number, spec: $0) }
    }

    static func observed(_ status: EndpointStatus) -> ObservedEndpoint? {
        guard let version = status.wanted ?? status.serving else { return nil }
        return ObservedEndpoint(
            endpoint: status.endpoint, revision: status.revision, version: version, state: status.state,
            message: status.message, versions: status.versions.map(ObservedVersion.init), notes: status.notes)
    }
}

extension ObservedVersion {
    init(_ status: VersionStatus) {
        self.init(version: status.version, state: status.state, route: status.route)
        message = status.message
        lanes = status.lanes
        threadsPerCall = status.threadsPerCall
        residentBytes = status.residentBytes
        inFlight = status.inFlight
        batching = status.batching
        engine = status.engine
        precision = status.precision
    }
}

/// Who a replica is.
package struct ReplicaIdentity: Sendable, Hashable {
    package let id: String
    package let host: String
    package let processID: Int
    package let startedAt: Timestamp

    package init(id: String, host: String, processID: Int, startedAt: Timestamp) {
        self.id = id
        self.host = host
        self.processID = processID
        self.startedAt = startedAt
    }
}
