// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SlipwayControl
import SlipwayConversion
import SlipwayCore
import SlipwayEngine
import SlipwayFormats

struct ConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Converts model files to ONNX, without executing anything in them.",
        discussion: """
            Reads scikit-learn (pickle, joblib), XGBoost, LightGBM, CatBoost (JSON) and Keras files. slipway import \
            converts by itself; this is for looking at the ONNX file, or taking it elsewhere.

            The weights of a PyTorch checkpoint become a safetensors file where --out ends in .safetensors.

            Several files give several models in the folder --out; with --pipeline they are one model that data go \
            through in this order, such as a vectorizer and its classifier.
            """)

    enum InputType: String, ExpressibleByArgument, CaseIterable { case fp32, fp64 }

    @Argument(help: "Model files.")
    var files: [String]

    @Option(help: ArgumentHelp("The ONNX file to write, or a folder (default: beside each file).", valueName: "path"))
    var out: String?

    @Option(help: "Type of numeric inputs (default: what the model computes in).")
    var inputType: InputType?

    @Flag(help: "The files are parts of one model, in the order in which data go through them.")
    var pipeline = false

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("Missing expected argument '<files>'") }
        guard files.count == 1 || pipeline || !Self.isFile(out) else {
            throw ValidationError("several files need a folder: --out expected DIR, got a file's name")
        }
        guard !isWeights || !pipeline && inputType == nil else {
            throw ValidationError("weights have no inputs: --pipeline and --input-type go with .onnx")
        }
    }

    /// Whether weights alone are wanted.
    private var isWeights: Bool { out?.hasSuffix(".safetensors") == true }

    private static func isFile(_ path: String?) -> Bool {
        [".onnx", ".safetensors"].contains { path?.hasSuffix($0) == true }
    }

    func run() async throws {
        if isWeights { return try await writeWeights() }
        let models = pipeline ? [files] : files.map { [$0] }
        var reports: [ConvertedFileReport] = []
        for paths in models {
            let report = try await convert(paths)
            if global.output == .text { report.show() }
            reports.append(report)
        }
        guard global.output == .json else { return }
        if models.count == 1, let only = reports.first {
            try Console.json(only)
        } else {
            try Console.json(reports)
        }
    }

    private func convert(_ paths: [String]) async throws -> ConvertedFileReport {
        let conversion = try SourceConversion(inputType: inputType?.rawValue)
        let target = try target(for: paths[0])
        do {
            return try await LoaderThread.run {
                let result = try conversion.run(paths)
                let bytes = try result.model.file.bytes()
                let file = try OutputFile(folder: target.folder, name: target.name, mode: 0o644)
                try file.write(bytes)
                return ConvertedFileReport(
                    sources: paths, out: try file.finish(), byteCount: bytes.count, result: result,
                    signature: try ONNXReader.read(MemorySource(bytes)).signature)
            }
        } catch {
            throw ValidationFailure(files.count == 1 ? "\(error)" : "\(paths[0]): \(error)")
        }
    }

    private func writeWeights() async throws {
        let path = files[0]
        let target = try target(for: path)
        let written = try await LoaderThread.run {
            let archive = try TorchArchive(path: path)
            let file = try OutputFile(folder: target.folder, name: target.name, mode: 0o644)
            try archive.writeSafetensors(to: { try file.write($0) })
            return ConvertedWeightsReport(source: path, out: try file.finish(), tensors: archive.tensors.count)
        }
        if global.output == .json { return try Console.json(written) }
        print("\(written.out) with \(written.tensors) tensors of \(Console.plain(path))")
    }

    /// Where a model's file goes.
    private func target(for path: String) throws -> (folder: String, name: String) {
        let own = String(path.split(separator: "/").last ?? "model")
        let stem = own.lastIndex(of: ".").flatMap { $0 > own.startIndex ? String(own[..<$0]) : nil } ?? own
        guard let out else { return (Self.folder(of: path), stem + ".onnx") }
        if Self.isFile(out) { return (Self.folder(of: out), String(out.split(separator: "/").last ?? "")) }
        try OutputFolder.make(out)
        return (out, stem + ".onnx")
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
