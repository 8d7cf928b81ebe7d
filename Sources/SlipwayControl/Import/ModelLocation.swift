// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Which file or folder of a path is the model, and what it is.
struct ModelLocation: Sendable {
    /// Files of a folder that are looked into.
    private static let maximumFiles = 256

    /// Files that are read to find the one that refers to the others.
    private static let maximumGraphs = 8

    let path: String
    let detected: FormatDetection
    /// The folder that was named, where the model's licence, card and samples may lie; `nil` where a file was named.
    let folder: String?

    /// - Throws: ``ControlError`` `unsupportedFormat` with what to do instead, `invalidRequest` for a folder that holds
    ///   no model or several; `FormatError`.
    init(_ path: String) throws {
        guard FileFacts.isDirectory(path) else {
            self.path = path
            detected = try Self.supported(try FormatDetector.detect(path: path))
            folder = nil
            return
        }
        folder = path
        if let file = try Self.plainFile(in: path) {
            self.path = file
            detected = try Self.supported(try FormatDetector.detect(path: file))
            return
        }
        let whole = try FormatDetector.detect(path: path)
        if whole.format != .unknown {
            self.path = path
            detected = try Self.supported(whole)
        } else {
            (self.path, detected) = try Self.onlyModel(in: path)
        }
    }

    private static func supported(_ detected: FormatDetection) throws(ControlError) -> FormatDetection {
        guard detected.isSupported else { throw ControlError(.unsupportedFormat, detected.message) }
        return detected
    }

    /// The one ONNX or GGUF file of a folder, whatever else lies there; `nil` where there is none.
    private static func plainFile(in folder: String) throws(ControlError) -> String? {
        var candidates: Set<String> = []
        for name in try FileFacts.names(in: folder) where name.hasSuffix(".onnx") || name.hasSuffix(".gguf") {
            // Of a model in several files, the first stands for all.
            candidates.insert(GGUFSplit(fileName: name).map { $0.name(of: 1) } ?? name)
        }
        guard let only = candidates.first else { return nil }
        guard candidates.count > 1 else { return folder + "/" + only }
        guard let graph = graph(among: candidates, in: folder) else { throw ambiguous(candidates.count) }
        return folder + "/" + graph
    }

    /// The one ONNX file that refers to all the others, which are its weights then.
    private static func graph(among names: Set<String>, in folder: String) -> String? {
        guard names.count <= maximumGraphs else { return nil }
        let graphs = names.filter { name in
            guard name.hasSuffix(".onnx"), let info = try? ONNXReader.read(path: folder + "/" + name) else {
                return false
            }
            return names.subtracting([name]).isSubset(of: info.externalFiles.map(\.path))
        }
        return graphs.count == 1 ? graphs.first : nil
    }

    /// The one file of a folder that is a model by its content.
    private static func onlyModel(in folder: String) throws -> (String, FormatDetection) {
        var found: [(path: String, detected: FormatDetection)] = []
        var refused: [FormatDetection] = []
        for name in try FileFacts.names(in: folder).prefix(maximumFiles) {
            let path = folder + "/" + name
            guard FileFacts.size(path) != nil, !ModelCard.isCardFile(name), !SampleFiles.isSampleFile(name) else {
                continue
            }
            let detected = try FormatDetector.detect(path: path)
            if detected.isSupported {
                found.append((path, detected))
            } else if detected.format != .unknown {
                refused.append(detected)
            }
        }
        if found.isEmpty, refused.count == 1 { throw ControlError(.unsupportedFormat, refused[0].message) }
        guard found.count == 1 else { throw ambiguous(found.count) }
        return found[0]
    }

    private static func ambiguous(_ count: Int) -> ControlError {
        ControlError(
            .invalidRequest,
            "the folder holds \(count) files that are models, expected 1: name the file itself")
    }
}
