// SPDX-License-Identifier: Apache-2.0

import SlipwayWire

/// What `slipway status` prints: endpoints with a row for each version on each replica, then the replicas.
struct StatusReport: Encodable {
    let endpoints: [EndpointDTO]
    let replicas: [ReplicaDTO]

    func print() {
        for endpoint in endpoints { Self.print(endpoint) }
        for replica in replicas { Swift.print(Self.line(replica)) }
    }

    private static func print(_ endpoint: EndpointDTO) {
        let version = endpoint.revision.version.map { "\($0)" } ?? "undeployed"
        Swift.print("\(endpoint.name)  revision \(endpoint.revision.number)  \(version)  (\(endpoint.revision.reason))")
        for observed in endpoint.replicas {
            let message = observed.message.map { ": \($0)" } ?? ""
            Swift.print("  on \(observed.replica): \(observed.state) \(observed.version)\(message)")
            if !observed.versions.isEmpty { Swift.print(table(observed.versions)) }
            for note in observed.notes { Swift.print("    note: \(note)") }
        }
    }

    private static func table(_ versions: [ObservedVersionDTO]) -> String {
        var table = TextTable("version", "route", "state", "lanes", "threads", "memory", "in flight", "batching")
        for version in versions {
            table.add(
                "\(version.version)", version.route, version.state, "\(version.lanes)", "\(version.threadsPerCall)",
                byteText(version.residentBytes), "\(version.inFlight)", version.batching ?? "-")
        }
        var lines = table.text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
        lines += versions.compactMap { version in version.message.map { "    \(version.version): \($0)" } }
        return lines.joined(separator: "\n")
    }

    private static func line(_ replica: ReplicaDTO) -> String {
        let addresses = replica.addresses.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        var line = "replica \(replica.id) up since \(replica.startedAt): \(addresses.joined(separator: ", "))"
        if let cores = replica.cores {
            line +=
                "; \(counted(cores.cores, "core")): \(counted(cores.eventLoops, "event loop")), "
                + "\(counted(cores.lanes, "lane")) of \(counted(cores.threadsPerCall, "thread"))"
        }
        return line
    }

    private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
