// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayControl
import SlipwayCore
import SlipwayWire

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes a version into a folder, as other programs want it.",
        discussion: """
            onnx: the ONNX file and those it refers to. oci: an OCI image layout with ModelPack's media types, for \
            any registry of container images. triton: a model of a Triton model repository. kserve: what a KServe \
            storageUri points at, with an InferenceService. safetensors: the weights alone. folder: the version's \
            files as they are. Importing what was written gives the same digest, but for weights alone.

            With --server the files come from there, and every byte is compared with the version's digests on the way.
            """)

    @Argument(help: "name, name:3, name@alias or name@sha256:0123ab.")
    var reference: String

    @Option(help: ArgumentHelp("onnx, oci, triton, kserve, safetensors or folder.", valueName: "format"))
    var format: ExportFormat

    @Option(help: ArgumentHelp("The folder; it is made where there is none.", valueName: "dir"))
    var out: String

    @Option(
        help: ArgumentHelp(
            "With --format kserve: where KServe will find the folder, s3://... or pvc://...", valueName: "uri"))
    var storageURI: String?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard storageURI == nil || format == .kserve else {
            throw ValidationError("--storage-uri goes with --format kserve")
        }
    }

    func run() async throws {
        let reference = try ModelReference(parsing: reference)
        let bar = ProgressBar("exporting")
        defer { bar.finish() }
        let report = try await global.withAdmin { admin in
            try await VersionExporter(admin: admin).run(
                reference, as: format, to: out, options: ExportOptions(storageURI: storageURI)
            ) { bar.show($0) }
        }
        bar.finish()
        for note in report.notes { Console.warning(note) }
        if global.output == .json { return try Console.json(report) }
        print("\(report.version) \(report.digest) as \(report.format.rawValue) in \(out)")
        for file in report.files { print("  \(file.path)  \(byteText(file.byteCount))") }
    }
}

extension ExportFormat: ExpressibleByArgument {}
