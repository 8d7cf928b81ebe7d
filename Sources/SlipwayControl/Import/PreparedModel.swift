// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayConversion
import SlipwayCore
import SlipwayFormats
import SlipwayRegistry
import SlipwaySecurity
import SlipwayWire

/// A model that an engine can load: the file that was given, or what it was converted to.
struct PreparedModel: Sendable {
    var inspected: InspectedModel
    /// Of the file that was given, where that is not the file that is stored.
    let sourceDigest: Digest?
    /// What lineage tells was done to the file.
    let recipe: String
    var report: ImportReportDTO
    /// The folder that was named, where one was.
    let folder: String?
    /// A folder of files that were made on the way.
    private let scratch: String?

    /// Detects, scans, converts. Blocks; nothing in the files is executed.
    ///
    /// - Parameter scratch: The folder in which files may be made.
    /// - Throws: ``ControlError`` with what the file is and what to do instead, `FormatError`. Nothing is left behind.
    init(_ request: ImportRequest, scratch: String) throws {
        let paths = [request.path] + request.further
        for path in paths where !FileFacts.exists(path) {
            throw ControlError(.notFound, "there is no file '\(path)'")
        }
        let locations = try paths.map { try ModelLocation($0) }
        let first = locations[0]
        folder = first.folder
        report = ImportReportDTO(format: first.detected.format.rawValue)
        guard ModelConverter.converts(first.detected.format) else {
            guard locations.count == 1 else {
                throw ControlError(
                    .invalidRequest,
                    "\(first.detected.format.displayName) models are imported one at a time: several files are one "
                        + "model only where they are pickle or joblib files of scikit-learn")
            }
            inspected = try InspectedModel(first)
            sourceDigest = nil
            recipe = "import"
            self.scratch = nil
            return
        }
        let conversion = try SourceConversion(inputType: request.options.inputType)
        let files = locations.map(\.path)
        let result: SourceConversion.Result
        do {
            result = try conversion.run(files)
        } catch let error as ControlError {
            throw error
        } catch {
            throw ControlError(.unsupportedFormat, "\(first.detected.summary) It cannot be imported", cause: error)
        }
        let converted = result.model
        report.add(converted.report)
        report.findings = result.findings
        recipe = "convert \(converted.report.framework) (converter \(ModelConverter.revision))"
        sourceDigest = try Self.digest(of: files)
        let folder = try Self.temporaryFolder(in: scratch)
        self.scratch = folder
        do {
            let path = folder + "/model.onnx"
            try Self.write(try converted.file.bytes(), to: path)
            inspected = try InspectedModel(path: path)
        } catch {
            _ = try? PosixFolder.removeTree(folder)
            throw error
        }
        inspected.metadata["source.format"] = first.detected.format.rawValue
        inspected.metadata["converter"] = String(ModelConverter.revision)
    }

    /// Removes what was made on the way.
    func discard() {
        if let scratch { _ = try? PosixFolder.removeTree(scratch) }
    }

    private static func temporaryFolder(in scratch: String) throws -> String {
        try PosixFolder.make(scratch)
        return try PosixFolder.makeTemporary(prefix: scratch + "/import-")
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try PosixFile(creating: path, mode: 0o600)
        try bytes.withUnsafeBytes { try file.write($0) }
    }

    /// Of one file its sha256; of several the digest of their list, in order.
    private static func digest(of files: [String]) throws -> Digest {
        guard files.count > 1 else { return try SHA256Hasher.digest(ofFileAt: files[0]) }
        var parts: [BundleFile] = []
        for (index, path) in files.enumerated() {
            parts.append(
                BundleFile(
                    path: "\(index)", digest: try SHA256Hasher.digest(ofFileAt: path),
                    byteCount: FileFacts.size(path) ?? 0))
        }
        return BundleDigest.of(files: parts)
    }
}

extension ImportReportDTO {
    mutating func add(_ conversion: ConversionReport) {
        framework = conversion.framework
        steps = conversion.steps.map { Step(path: $0.path, kind: $0.kind, detail: $0.detail) }
        notes = conversion.notes
    }
}
