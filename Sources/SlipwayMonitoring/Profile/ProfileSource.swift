// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// One tensor of the reference data, and which columns of the profile it gives.
struct ProfileSource: Sendable {
    enum Form: Sendable {
        case numbers, text
        /// Too wide, or of varying width.
        case summary
    }

    let tensor: String
    let isOutput: Bool
    let elementType: ElementType
    let form: Form
    /// Columns of a row; for summaries, how many there were in the first row.
    let columns: Int
    /// Its first column among all.
    let first: Int
    /// Columns that are profiled: those beyond ``ReferenceProfile/maximumColumns`` are not.
    let kept: Int

    /// Names of the columns kept.
    func names(given: [String]?) -> [String] {
        if form == .summary { return summaries.map { "\(tensor).\($0.name)" } }
        if columns == 1 { return [given?.first ?? tensor] }
        return (0..<kept).map { index in
            if let given, index < given.count { given[index] } else { "\(tensor)[\(index)]" }
        }
    }

    var summaries: [ColumnProfile.Summary] { form == .summary ? ColumnProfile.Summary.allCases : [] }

    /// Lays out the tensors of the first rows.
    static func all(
        inputs: NamedTensors, outputs: NamedTensors, rows: Int, varying: Set<String>
    ) -> (sources: [ProfileSource], leftOut: [String]) {
        var sources: [ProfileSource] = []
        var leftOut: [String] = []
        var first = 0
        for (index, element) in (Array(inputs) + Array(outputs)).enumerated() {
            let type = element.tensor.elementType
            let columns = TensorLayout.columns(of: element.tensor.count, rows: rows)
            let isVarying = varying.contains(element.name) || columns == nil
            let isWide = isVarying || (columns ?? 0) > ReferenceProfile.maximumTensorColumns
            let room = ReferenceProfile.maximumColumns - first
            let wanted = isWide ? ColumnProfile.Summary.allCases.count : (columns ?? 0)
            // Text has no norm: a wide tensor of it is left out. So is a summary that does not fit whole.
            guard wanted > 0, room > 0, !(isWide && (type == .bytes || room < wanted)) else {
                leftOut.append(element.name)
                continue
            }
            let kept = min(wanted, room)
            if kept < wanted { leftOut += (kept..<wanted).map { "\(element.name)[\($0)]" } }
            sources.append(
                ProfileSource(
                    tensor: element.name, isOutput: index >= inputs.count, elementType: type,
                    form: isWide ? .summary : type == .bytes ? .text : .numbers, columns: columns ?? 0, first: first,
                    kept: kept))
            first += kept
        }
        return (sources, leftOut)
    }
}

/// Sums over one row of a wide tensor.
struct RowSummary {
    private var squares = 0.0
    private var sum = 0.0
    private let count: Int

    init(_ reader: ElementReader, from start: Int, count: Int) {
        self.count = count
        for index in start..<(start + count) {
            let x = reader[index]
            sum += x
            squares += x * x
        }
    }

    func value(_ summary: ColumnProfile.Summary) -> Double {
        let mean = count > 0 ? sum / Double(count) : .nan
        return switch summary {
        case .norm: squares.squareRoot()
        case .mean: mean
        case .deviation: count > 0 ? max(0, squares / Double(count) - mean * mean).squareRoot() : .nan
        case .length: Double(count)
        }
    }
}
