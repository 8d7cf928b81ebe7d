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

    /// - Parameter addresses: Where the replica listens by now: `http` -> `127.0.0.1:8080`.
    package init(
        store: any MetadataStore, service: InferenceService, replica: ReplicaIdentity,
        addresses: @escaping @Sendable () -> [String: String], clock: @escaping @Sendable () -> Timestamp,
        warn: @escaping @Sendable (String) -> Void
    ) {
        self.store = store
        self.service = service
        self.replica = replica
        self.addresses = addresses
        self.clock = clock
        self.warn = warn
    }

    package var replicaID: String { replica.id }

    /// Reads the desired state once and hands it to the data plane.
    package func reconcile() async throws {
        service.apply(try await store.currentRevisions().compactMap(Self.assignment))
    }

    /// Writes the replica's report.
    package func report() async throws {
        let endpoints = service.statuses().compactMap(Self.observed)
        try await store.report(
            ReplicaRecord(
                id: replica.id, host: replica.host, processID: replica.processID, startedAt: replica.startedAt,
                reportedAt: clock(), addresses: addresses(), endpoints: endpoints))
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
                var last: News?
                var sinceReport = 0
                while !Task.isCancelled {
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
    /// How soon a change of state is reported.
    static let tick: Duration = .milliseconds(100)
    /// A report is written at least every 5 seconds: a third of the time a report counts.
    static let heartbeatTicks = 50

    /// What a change of which is reported at once.
    private struct News: Equatable {
        let endpoints: [ObservedEndpoint]
        let addresses: [String: String]
    }

    static func assignment(_ revision: EndpointRevision) -> EndpointAssignment? {
        revision.spec.map { spec in
            EndpointAssignment(
                endpoint: revision.endpoint, revision: revision.number, version: spec.primary, engine: spec.engine,
                device: spec.device, instances: spec.instances)
        }
    }

    static func observed(_ status: EndpointStatus) -> ObservedEndpoint? {
        guard let version = status.wanted ?? status.serving else { return nil }
        return ObservedEndpoint(
            endpoint: status.endpoint, revision: status.revision, version: version, state: status.state,
            message: status.message)
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
