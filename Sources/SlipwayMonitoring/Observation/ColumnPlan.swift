// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Where the columns of a profile lie in tensors of one layout: made once, so that no row looks up a name.
final class ColumnPlan: Sendable {
    enum Form: Sendable {
        case numbers, text, summary
        /// Nothing of it is profiled.
        case unused
    }

    /// One tensor of the layout.
    struct Source: Sendable {
        let isOutput: Bool
        let form: Form
        /// Elements of each row.
        let width: Int
        /// For each element of a row, its column in the ``ColumnSet`` or -1; for summaries, of each
        /// ``ColumnProfile/Summary``.
        let columns: [Int32]
    }

    /// Where a number that is scored comes from.
    struct Place: Sendable {
        let source: Int
        let element: Int
    }

    /// In the order of the tensors, the inputs first.
    let sources: [Source]
    /// Columns whose tensor is missing, of another type, or of another width.
    let absent: [Int]
    /// The columns that ``OutlierModel`` scores, in its order; empty where not all are there.
    let scored: [Place]

    init(layout: TensorLayout, set: ColumnSet) {
        var sources: [Source] = []
        var found = [Bool](repeating: false, count: set.columns.count)
        for (isOutput, entries) in [(false, layout.inputs), (true, layout.outputs)] {
            for entry in entries {
                let wanted = Self.wanted(entry.name, isOutput: isOutput, in: set)
                let source = Self.source(entry, isOutput: isOutput, wanted: wanted, set: set)
                for column in source.columns where column >= 0 { found[Int(column)] = true }
                sources.append(source)
            }
        }
        self.sources = sources
        // A request may ask for some of the outputs only: those left out are no error.
        let named = Set(layout.outputs.map(\.name))
        absent = found.indices.filter {
            !found[$0] && ($0 < set.featureCount || named.contains(set.columns[$0].tensor))
        }
        scored = Self.places(of: set, in: sources)
    }

    /// The profile's columns of a tensor.
    private static func wanted(_ name: String, isOutput: Bool, in set: ColumnSet) -> [Int] {
        let range = isOutput ? set.featureCount..<set.columns.count : 0..<set.featureCount
        return range.filter { set.columns[$0].tensor == name }
    }

    private static func source(
        _ entry: TensorLayout.Entry, isOutput: Bool, wanted: [Int], set: ColumnSet
    ) -> Source {
        func make(_ form: Form, _ width: Int, _ columns: [Int32]) -> Source {
            Source(isOutput: isOutput, form: form, width: width, columns: columns)
        }
        guard let width = entry.columns, width > 0, !wanted.isEmpty else { return make(.unused, 0, []) }
        let isText = entry.elementType == .bytes
        if wanted.allSatisfy({ set.columns[$0].column < 0 }) {
            guard !isText else { return make(.unused, 0, []) }
            let columns = ColumnProfile.Summary.allCases.map { summary in
                Int32(wanted.first { set.columns[$0].column == summary.rawValue } ?? -1)
            }
            return make(.summary, width, columns)
        }
        // A narrower or wider tensor than the profile's is another tensor: all its columns are type errors.
        let widest = wanted.map { set.columns[$0].column }.max() ?? 0
        let isKnownWidth =
            widest < width
            && (width == widest + 1 || width > ReferenceProfile.maximumTensorColumns
                || set.profile.leftOut.contains("\(entry.name)[\(width - 1)]"))
        guard isKnownWidth else { return make(.unused, 0, []) }
        var columns = [Int32](repeating: -1, count: width)
        for column in wanted {
            let profile = set.columns[column]
            guard profile.column >= 0, isText ? profile.kind != .numeric : profile.kind != .text else { continue }
            // Categories by text and by number are told apart by the reference's names.
            columns[profile.column] = Int32(column)
        }
        return make(isText ? .text : .numbers, width, columns)
    }

    private static func places(of set: ColumnSet, in sources: [Source]) -> [Place] {
        guard let names = set.profile.outliers?.columns else { return [] }
        var result: [Place] = []
        for name in names {
            guard let column = set.columns.prefix(set.featureCount).firstIndex(where: { $0.name == name }),
                let source = sources.firstIndex(where: { $0.form == .numbers && $0.columns.contains(Int32(column)) }),
                let element = sources[source].columns.firstIndex(of: Int32(column))
            else { return [] }
            result.append(Place(source: source, element: element))
        }
        return result
    }
}
