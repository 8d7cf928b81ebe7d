// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayFormats

/// Where in a data set the next row begins.
package struct RowPosition: Sendable, Hashable, Codable {
    /// Rows before it, in all of the data set.
    package var row: Int
    /// Its place in a text file; `nil` for formats whose rows are found by number.
    package var text: TextPosition?

    package init(row: Int = 0, text: TextPosition? = nil) {
        self.row = row
        self.text = text
    }
}

/// A data set that is read from front to back, some rows at a time.
///
/// Its calls block. Not for use by several threads at once.
package protocol RowSource {
    var position: RowPosition { get }
    /// How much of the data set lies before the position, 0 to 1.
    var fraction: Double { get }
    /// Names of columns that are features together, by input; empty where the data names none.
    var columnNames: [String: [String]] { get }

    /// The next rows: `count` or fewer once they take about `byteCount` bytes; `nil` at the end.
    ///
    /// From one position the same arguments always give the same rows.
    mutating func next(_ count: Int, byteCount: Int) throws -> (any RowBlock)?

    /// Passes over rows.
    ///
    /// - Returns: How many there were, at most `count`.
    mutating func skip(_ count: Int) throws -> Int
}

extension RowSource {
    package var columnNames: [String: [String]] { [:] }
}

/// Some rows of a data set; what they mean is looked at only when tensors are asked for.
package protocol RowBlock: Sendable {
    /// The first row's number in the data set, from 0.
    var firstRow: Int { get }
    var count: Int { get }

    /// A row's line in the file, from 1; `nil` for files without lines.
    func line(of row: Int) -> Int?

    /// Some of the rows as the model's inputs.
    ///
    /// - Parameter rows: Counted from the block's first.
    /// - Throws: An error whose category is `invalidInput`, or another that a row's content gave rise to.
    func tensors(_ rows: Range<Int>) throws -> NamedTensors

    /// What a kept column holds in a row.
    ///
    /// - Parameter index: Of the column among those that were asked for.
    func kept(_ row: Int, _ index: Int) throws -> KeptValue
}

/// A value that goes from the data set to the results as it is.
package enum KeptValue: Sendable, Hashable {
    case text([UInt8])
    /// JSON: a number, a list, `null`.
    case json([UInt8])
}

/// The kinds of file that rows are read from.
package enum DataFormat: Sendable, Hashable {
    case csv, jsonLines, npy, npz, arrow

    /// By the name's ending; `nil` for files that are not read row by row.
    package init?(path: String) {
        switch path.split(separator: ".").last.map({ $0.lowercased() }) {
        case "csv": self = .csv
        case "jsonl", "ndjson": self = .jsonLines
        case "npy": self = .npy
        case "npz": self = .npz
        case "arrow", "arrows", "ipc", "feather": self = .arrow
        default: return nil
        }
    }

    /// Opens a data set; blocks.
    ///
    /// - Parameters:
    ///   - signature: Whose inputs the columns become.
    ///   - keep: Columns that go to the results as they are, and never to a model that takes columns as features.
    ///   - position: Where an earlier reading of the same file was.
    /// - Throws: `ControlError` naming columns that are missing, `FormatError`.
    package func open(
        _ source: any ByteSource, for signature: ModelSignature, keep: [String] = [], from position: RowPosition? = nil
    ) throws -> any RowSource {
        switch self {
        case .csv: return try CSVRows(source, signature, keep: keep, from: position)
        case .jsonLines: return JSONLineRows(source, signature, keep: keep, from: position)
        case .npy:
            guard let only = signature.inputs.first(where: { !$0.isOptional }) else {
                throw ControlError(.invalidRequest, "the model takes no input")
            }
            let rows = try NumpyRows(source)
            return try ArrayRows([(only.name, rows)], signature, keep: keep, from: position)
        case .npz:
            let arrays = try NumpyArchive.rows(of: source).map { ($0.name, $0.rows) }
            return try ArrayRows(arrays, signature, keep: keep, from: position)
        case .arrow: return try ArrowRows(try ArrowTable(source), signature, keep: keep, from: position)
        }
    }
}
