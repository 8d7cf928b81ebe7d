// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayControl
import SlipwayCore
import SlipwayWire

struct DeployCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Makes an endpoint serve a version.",
        discussion: """
            The endpoint's name is the model's unless --as says another. The version becomes the primary; with \
            --canary or --rollout it takes a share beside the primary, with --shadow it gets copies of requests. \
            What no option names stays as it is.
            """)

    @Argument(help: "name, name:3, name@alias or name@sha256:0123ab.")
    var reference: String

    @Option(name: .customLong("as"), help: ArgumentHelp("The endpoint's name.", valueName: "endpoint"))
    var endpoint: String?

    @Option(help: ArgumentHelp("Take this share of the requests, beside the primary.", valueName: "10%"))
    var canary: String?

    @Option(help: ArgumentHelp("Take a share that grows by these steps.", valueName: "1%:10m,25%:1h"))
    var rollout: String?

    @Option(help: ArgumentHelp("Get copies of this share of the requests, and answer nobody.", valueName: "100%"))
    var shadow: String?

    @Option(
        help: ArgumentHelp(
            "What keeps a caller on one version: header:NAME, cookie:NAME, client or conversation.", valueName: "key"))
    var sticky: String?

    @Option(help: ArgumentHelp("The most rows of one engine call.", valueName: "rows"))
    var maxBatch: Int?

    @Option(help: "The engine that is to run it.")
    var engine: String?

    @Option(help: "The device it is to run on.")
    var device: String?

    @Option(help: ArgumentHelp("What to compute with: f32, or bf16 where the engine has it.", valueName: "type"))
    var precision: String?

    @Option(help: ArgumentHelp("Lanes of each version, or auto to let the core budget decide.", valueName: "n"))
    var instances: String?

    @Flag(help: "Accept a version whose inputs or outputs do not fit the callers of today.")
    var allowSignatureChange = false

    @Flag(help: "Wait until every live replica serves it, or one cannot.")
    var wait = false

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let reference = try ModelReference(parsing: reference)
        let request = try request(for: reference)
        try await global.withAdmin { admin in
            var deployed = try await admin.deploy(request, to: endpoint ?? reference.name)
            if wait { deployed = try await DeployReport.settled(deployed, admin) }
            if global.output == .json { return try Console.json(deployed) }
            try await DeployReport.print(deployed, admin)
        }
    }

    private func request(for reference: ModelReference) throws -> DeployRequest {
        var request = DeployRequest(reference: "\(reference)", engine: engine, device: device)
        request.precision = try precision.map { text in
            guard let precision = InferencePrecision(rawValue: text) else {
                throw ValidationFailure("--precision is '\(text)', expected f32 or bf16")
            }
            return precision
        }
        request.canary = try share(canary, "--canary")
        request.shadow = try share(shadow, "--shadow")
        request.rollout = try rollout.map { try RolloutText.parse($0) }
        request.maximumRows = maxBatch
        request.allowSignatureChange = allowSignatureChange ? true : nil
        request.sticky = try sticky.map { text in
            guard let key = StickyKey(text) else {
                throw ValidationFailure(
                    "--sticky is '\(text)', expected header:NAME, cookie:NAME, client or conversation")
            }
            return key
        }
        request.instances = try instances.map { text in
            guard let count = InstanceCount(text) else {
                throw ValidationFailure("--instances is '\(text)', expected auto or a whole number")
            }
            return count
        }
        return request
    }

    private func share(_ text: String?, _ option: String) throws -> Share? {
        guard let text else { return nil }
        guard let share = Share(text) else { throw ValidationFailure("\(option) is '\(text)', expected 0% to 100%") }
        return share
    }
}
