// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayControl
import SlipwayCore
import SlipwayEngine
import SlipwayWire

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Takes a model file into the registry as the next version.",
        discussion: """
            FILE may be a file, a folder, an http or https URL, or - for standard input. It is recognised by its \
            content, read without executing anything in it, converted to ONNX where no engine runs it as it is, tried \
            in the engine that is to run it, and stored by its sha256. Importing the same file again gives the same \
            version. Several files of scikit-learn, such as a vectorizer and its model, are one model that data go \
            through in their order.

            A folder in the layout of a Triton model repository is imported model by model, with the settings of \
            each config.pbtxt; so are the models of TensorFlow Serving's model_config_file, and the numbered folders \
            of one base path.
            """)

    @Argument(help: ArgumentHelp("A model: file, folder, URL or -; a Triton model repository, or a base path."))
    var file: [String] = []

    @Option(
        name: [.long, .customLong("model_config_file")],
        help: ArgumentHelp("TensorFlow Serving's configuration, instead of FILE.", valueName: "file"))
    var modelConfigFile: String?

    @Option(help: "The model's name (default: by the file); of several models, the one that is wanted.")
    var name: String?

    @Option(help: "Move this alias to the version.")
    var alias: String?

    @OptionGroup(title: "One model") var model: ImportModelOptions

    @Option(
        help: ArgumentHelp(
            "Also make the version's reference profile of these rows, for drift and quality.", valueName: "file"))
    var profile: String?

    @Option(help: ArgumentHelp("With --profile: the column with the truth.", valueName: "column"))
    var labels: String?

    @Flag(help: "Also deploy the version to the endpoint of the model's name.")
    var deploy = false

    @Flag(help: "With --deploy: accept inputs or outputs that do not fit the callers of today.")
    var allowSignatureChange = false

    @OptionGroup var global: GlobalOptions

    /// How the models of FILE lie.
    private var layout: ImportLayout { file.count == 1 ? ImportLayout.detect(file[0]) : .single }

    func validate() throws {
        guard file.isEmpty != (modelConfigFile == nil) else {
            throw ValidationError(
                file.isEmpty ? "Missing expected argument '<file>'" : "Give either <file> or --model-config-file")
        }
        let holdsSeveral = modelConfigFile != nil || layout == .tritonRepository
        guard holdsSeveral || name != nil || [.single, .ociLayout].contains(layout) else {
            throw ValidationError("Missing expected argument '--name <name>'")
        }
        guard alias == nil || !holdsSeveral && layout == .single else {
            throw ValidationError("--alias names one version, and several are imported: use slipway alias afterwards")
        }
        guard profile == nil || !holdsSeveral && layout == .single else {
            throw ValidationError("--profile is of one version, and several are imported: use slipway monitor profile")
        }
        guard !model.areGiven || !holdsSeveral && layout == .single else {
            throw ValidationError("options for one model were given, and several are imported")
        }
        guard labels == nil || profile != nil else { throw ValidationError("--labels goes with --profile FILE") }
    }

    func run() async throws {
        if let modelConfigFile {
            let name = name
            return try await importAll(from: modelConfigFile) {
                try TensorFlowServingConfig.scan(file: modelConfigFile, only: name)
            }
        }
        let (layout, name, first) = (layout, name, file[0])
        guard layout == .single else {
            return try await importAll(from: first) { try layout.models(at: first, name: name) }
        }
        let sources = ImportSources(
            scratch: try global.serverAddress == nil ? global.homeFolder + "/cache/import" : nil)
        do {
            try await importOne(try await sources.fetch(file, sha256: model.sha256, limit: model.maxSize))
            sources.discard()
        } catch {
            sources.discard()
            throw error
        }
    }

    private func importOne(_ files: ImportSources.Files) async throws {
        guard let name = name ?? DefaultModelName.of(files.name) else {
            throw ValidationFailure("'\(files.name)' gives the model no name: add --name NAME")
        }
        var request = try model.request(files.paths, model: name, alias: alias)
        request.sourceName = files.isFetched ? files.name : nil
        let wanted = request
        try await global.withAdmin(needsEngines: true) { admin in
            let bar = ProgressBar("importing")
            defer { bar.finish() }
            let imported = try await admin.importModel(wanted) { bar.show($0) }
            bar.finish()
            for note in imported.notes { Console.warning(note) }
            let version = imported.version
            if global.output == .json {
                try Console.json(imported)
            } else {
                ImportReportText.tell(imported)
                print("\(version.id) \(version.digest)" + (imported.isNew ? "" : " (already there)"))
            }
            if let profile { try await makeProfile(of: version.id, profile, admin) }
            if deploy {
                var request = DeployRequest(reference: "\(version.id)")
                request.allowSignatureChange = allowSignatureChange ? true : nil
                let endpoint = try await admin.deploy(request, to: name)
                if global.output == .text { try await DeployReport.print(endpoint, admin) }
            }
        }
    }

    private func makeProfile(of version: VersionID, _ data: String, _ admin: any AdminService) async throws {
        let bar = ProgressBar("profiling")
        defer { bar.finish() }
        let reference = ModelReference(name: version.model, selector: .version(version.number))
        let made = try await admin.makeProfile(
            ProfileRequest(reference: reference, path: data, labels: labels)
        ) { bar.show($0) }
        bar.finish()
        if global.output == .text { print("\(version) has a profile of \(made.rows) rows") }
    }

    private func importAll(
        from path: String, _ scan: @escaping @Sendable () throws -> [LayoutModel]
    ) async throws {
        guard try global.serverAddress == nil else {
            throw ValidationFailure(
                "'\(path)' stands for several models: only one can be sent to a server; import it on the server's own "
                    + "machine")
        }
        let models = try await LoaderThread.run { try scan() }
        try await global.withAdmin(needsEngines: true) { admin in
            let bar = ProgressBar("importing")
            let importer = RepositoryImport(
                admin: admin, deploys: deploy, allowsSignatureChange: allowSignatureChange)
            let report = await importer.run(models) { bar.show($0) }
            bar.finish()
            if global.output == .json {
                try Console.json(report)
            } else {
                try await LayoutImportReport.print(report, admin)
            }
            LayoutImportReport.tell(report)
            guard report.isComplete else { throw ExitCode(1) }
        }
    }
}
