// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayCore
import SlipwayWire

struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Makes an endpoint serve a version.",
        discussion: "The endpoint's name is the model's unless --as says another.")

    @Argument(help: "name, name:3, name@alias or name@sha256:0123ab.")
    var reference: String

    @Option(name: .customLong("as"), help: ArgumentHelp("The endpoint's name.", valueName: "endpoint"))
    var endpoint: String?

    @Option(help: "The engine that is to run it.")
    var engine: String?

    @Option(help: "The device it is to run on.")
    var device: String?

    @Option(help: "Lanes of execution; by default the core budget decides.")
    var instances: Int?

    @Flag(help: "Wait until every live replica serves it, or one cannot.")
    var wait = false

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let reference = try ModelReference(parsing: reference)
        try await global.withAdmin { admin in
            let request = DeployRequest(
                reference: "\(reference)", engine: engine, device: device, instances: instances)
            var deployed = try await admin.deploy(request, to: endpoint ?? reference.name)
            if wait { deployed = try await DeployReport.settled(deployed, admin) }
            if global.output == .json { return try Console.json(deployed) }
            try await DeployReport.print(deployed, admin)
        }
    }
}

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Goes back to an earlier revision of an endpoint.")

    @Argument(help: "The endpoint.")
    var endpoint: String

    @Option(help: ArgumentHelp("The revision; by default the one before.", valueName: "revision"))
    var to: Int?

    @Flag(help: "Wait until every live replica serves it, or one cannot.")
    var wait = false

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withAdmin { admin in
            var restored = try await admin.rollback(endpoint, to: to)
            if wait { restored = try await DeployReport.settled(restored, admin) }
            if global.output == .json { return try Console.json(restored) }
            try await DeployReport.print(restored, admin)
        }
    }
}

struct UndeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undeploy", abstract: "Takes an endpoint out of service; its history stays.")

    @Argument(help: "The endpoint.")
    var endpoint: String

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let undeployed = try await global.withAdmin { try await $0.undeploy(endpoint) }
        if global.output == .json { return try Console.json(undeployed) }
        print("\(endpoint) is undeployed (revision \(undeployed.revision.number))")
    }
}
