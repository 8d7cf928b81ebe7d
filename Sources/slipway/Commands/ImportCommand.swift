// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayCore
import SlipwayWire

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Takes a model file into the registry as the next version.",
        discussion: """
            The file is recognised by its content, read without executing anything in it, tried in the engine that \
            is to run it, and stored by its sha256. Importing the same file again gives the same version.
            """)

    @Argument(help: "A model file, or a folder that holds one.")
    var file: String

    @Option(help: "The model's name.")
    var name: String

    @Option(help: "Move this alias to the version.")
    var alias: String?

    @Flag(help: "Also deploy the version to the endpoint of the model's name.")
    var deploy = false

    @Flag(help: "With --deploy: accept inputs or outputs that do not fit the callers of today.")
    var allowSignatureChange = false

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        try await global.withAdmin(needsEngines: true) { admin in
            let bar = ProgressBar("importing")
            defer { bar.finish() }
            let imported = try await admin.importModel(ImportRequest(path: file, model: name, alias: alias)) {
                bar.show($0)
            }
            bar.finish()
            for note in imported.notes { Console.warning(note) }
            let version = imported.version
            if global.output == .json {
                try Console.json(imported)
            } else {
                print("\(version.id) \(version.digest)" + (imported.isNew ? "" : " (already there)"))
            }
            if deploy {
                var request = DeployRequest(reference: "\(version.id)")
                request.allowSignatureChange = allowSignatureChange ? true : nil
                let endpoint = try await admin.deploy(request, to: name)
                if global.output == .text { try await DeployReport.print(endpoint, admin) }
            }
        }
    }
}
