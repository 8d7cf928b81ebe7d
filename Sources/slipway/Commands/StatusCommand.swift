// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayWire

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "What is wanted of endpoints and what replicas do about it.")

    @Argument(help: "One endpoint; all when left out.")
    var endpoint: String?

    @OptionGroup var global: GlobalOptions

    private struct Status: Encodable {
        let endpoints: [EndpointDTO]
        let replicas: [ReplicaDTO]
    }

    func run() async throws {
        let status = try await global.withAdmin { admin in
            let endpoints =
                if let endpoint { [try await admin.endpoint(endpoint)] } else { try await admin.endpoints() }
            return Status(endpoints: endpoints, replicas: try await admin.replicas().filter(\.isAlive))
        }
        if global.output == .json { return try Console.json(status) }
        if status.endpoints.isEmpty { Console.note("no endpoints yet: slipway deploy NAME") }
        for endpoint in status.endpoints { Self.show(endpoint) }
        if status.replicas.isEmpty { Console.note("no replica is up: slipway serve starts one") }
        for replica in status.replicas {
            let addresses = replica.addresses.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            print("replica \(replica.id) up since \(replica.startedAt): \(addresses.joined(separator: ", "))")
        }
    }

    private static func show(_ endpoint: EndpointDTO) {
        let version = endpoint.revision.version.map { "\($0)" } ?? "undeployed"
        print("\(endpoint.name)  revision \(endpoint.revision.number)  \(version)  (\(endpoint.revision.reason))")
        for observed in endpoint.replicas {
            let message = observed.message.map { ": \($0)" } ?? ""
            print("  on \(observed.replica): \(observed.state) \(observed.version)\(message)")
        }
    }
}
