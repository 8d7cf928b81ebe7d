// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayFormats
import SlipwayRegistry

/// Ground truth and business numbers of one request, for an export.
package struct CaptureLabel: Sendable, Hashable {
    package enum Value: Sendable, Hashable {
        case number(Double)
        case text(String)
    }

    /// One for each row of the request, or a single one for all.
    package var values: [Value]
    package var kpis: [String: Double]
    package var at: Timestamp?

    package init(values: [Value], kpis: [String: Double] = [:], at: Timestamp? = nil) {
        self.values = values
        self.kpis = kpis
        self.at = at
    }

    func value(ofRow row: Int) -> Value? {
        values.count == 1 ? values[0] : values.indices.contains(row) ? values[row] : nil
    }
}

/// Which captured rows to export.
package struct CaptureSelection: Sendable {
    package var endpoint: String
    /// Requests from this instant on, and before the other one.
    package var from: Timestamp
    package var until: Timestamp
    /// `nil` for all.
    package var version: VersionID?
    /// By request id; columns `label`, `label_number`, `label_at` and `kpis` come from them.
    package var labels: [String: CaptureLabel]
    /// Leaves out rows without a label.
    package var onlyLabelled: Bool

    package init(
        endpoint: String, from: Timestamp, until: Timestamp, version: VersionID? = nil,
        labels: [String: CaptureLabel] = [:], onlyLabelled: Bool = false
    ) {
        self.endpoint = endpoint
        self.from = from
        self.until = until
        self.version = version
        self.labels = labels
        self.onlyLabelled = onlyLabelled
    }
}

extension CaptureStore {
    /// Writes the selected rows of all sealed segments as one Arrow file.
    ///
    /// Columns are those of all segments; a row lacks those that its own does not have. Damaged segments are set aside
    /// and named by the error; the export can then be repeated without them.
    ///
    /// - Parameter path: A file that is not there yet.
    /// - Returns: The number of rows.
    /// - Throws: ``RegistryError`` `conflict` when the file is there, or when a column changed its type in that time:
    ///   select one version; `corrupt`, `storeFull`.
    package func export(_ selection: CaptureSelection, to path: String) async throws -> Int {
        try await BlockingFiles.run { _ in try exportNow(selection, to: path) }
    }

    private func exportNow(_ selection: CaptureSelection, to path: String) throws -> Int {
        let folder = try folder(of: selection.endpoint)
        let files = try folder.files().filter { $0.state == .sealed }
        var export = try CaptureExport(selection)
        for file in files {
            let table = try ArrowTable(sealed(file, in: folder), readsInstants: true)
            if export.covers(table) { try export.add(CaptureCopy.fields(of: table)) }
        }
        let output = try PosixFile(creating: path, mode: 0o600)
        do {
            var writer = ArrowWriter(export.fields)
            try put(writer.start(), output)
            var count = 0
            for file in files {
                var table = try ArrowTable(sealed(file, in: folder), readsInstants: true)
                guard export.covers(table) else { continue }
                var row = 0
                while row < table.count {
                    let range = table.reach(from: row, byteCount: Self.pieceByteCount)
                    guard !range.isEmpty else { throw CaptureSeal.damaged(folder.path(of: file)) }
                    let columns = try export.rows(range, of: &table)
                    if let rows = columns.first?.count, rows > 0 {
                        try put(try writer.batch(columns), output)
                        count += rows
                    }
                    row = range.upperBound
                }
            }
            try put(writer.finish(), output)
            try output.synchronize()
            return count
        } catch {
            PosixFile.unlinkQuietly(path)
            throw error
        }
    }

    private func put(_ bytes: [UInt8], _ file: borrowing PosixFile) throws {
        try bytes.withUnsafeBytes { try file.write($0, using: fileWriter) }
    }
}
