// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Finds a model's numbered folders and the model file in each.
struct NumberedVersions {
    /// Which names count as numbers.
    enum Rule: Sendable {
        /// Triton ignores folders whose number begins with 0.
        case triton
        /// TensorFlow Serving reads `00000123` as 123.
        case tensorFlowServing
    }

    let folder: LayoutFolder
    let rule: Rule
    /// The name of the file in each folder; `nil` for `model.onnx`, or else the one that ends in `.onnx`.
    var modelFile: String?

    /// - Parameter path: The model's folder below the root; empty for the root.
    /// - Returns: Ascending by number; of two names for one number, the first counts.
    func find(in path: String) throws(ControlError) -> [LayoutModel.Version] {
        let prefix = path.isEmpty ? "" : path + "/"
        var versions: [LayoutModel.Version] = []
        for name in try folder.names(in: path) {
            guard let number = Self.number(name, rule), folder.isFolder(prefix + name),
                !versions.contains(where: { $0.number == number })
            else { continue }
            versions.append(version(number, in: prefix + name))
        }
        return versions.sorted { $0.number < $1.number }
    }

    /// A positive number of digits alone, or 0 for TensorFlow Serving; `nil` for any other name.
    static func number(_ name: String, _ rule: Rule) -> Int? {
        guard !name.isEmpty, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(name) else {
            return nil
        }
        if rule == .triton, name.hasPrefix("0") { return nil }
        return number
    }

    private func version(_ number: Int, in path: String) -> LayoutModel.Version {
        do throws(ControlError) {
            guard let resolved = try folder.resolve(path) else {
                throw ControlError(.notFound, "there is no folder '\(path)'")
            }
            return LayoutModel.Version(number: number, path: try modelPath(in: path, resolved: resolved))
        } catch {
            return LayoutModel.Version(number: number, path: folder.root + "/" + path, problem: error.message)
        }
    }

    private func modelPath(in path: String, resolved: String) throws(ControlError) -> String {
        let names = try folder.names(in: path)
        let onnx = names.filter { $0.hasSuffix(".onnx") }
        let wanted = modelFile ?? "model.onnx"
        if names.contains(wanted), let file = try folder.resolve(path + "/" + wanted) { return file }
        if modelFile == nil, onnx.count == 1, let file = try folder.resolve(path + "/" + onnx[0]) { return file }
        guard !names.isEmpty else { throw ControlError(.notFound, "the folder '\(path)' is empty") }
        if let found = Self.foreign(names) {
            throw ControlError(.unsupportedFormat, "'\(path)' holds \(found)")
        }
        if let detected = try? FormatDetector.detect(path: resolved), detected.format == .savedModel {
            throw ControlError(.unsupportedFormat, "'\(path)': \(detected.message)")
        }
        throw ControlError(
            .notFound, "'\(path)' has no '\(wanted)', it has [\(names.prefix(10).joined(separator: ", "))]")
    }

    /// What Triton's other backends are given.
    private static func foreign(_ names: [String]) -> String? {
        let files = [
            ("model.plan", "a TensorRT plan"), ("model.pt", "a TorchScript model"),
            ("model.py", "a model of the Python backend"), ("model.savedmodel", "a TensorFlow SavedModel"),
            ("model.graphdef", "a TensorFlow graph"), ("model.xml", "an OpenVINO model"),
            ("model.dali", "a DALI pipeline"),
        ]
        return files.first { names.contains($0.0) }.map {
            "\($0.0), \($0.1), which is not mapped yet: export the model to ONNX"
        }
    }
}
