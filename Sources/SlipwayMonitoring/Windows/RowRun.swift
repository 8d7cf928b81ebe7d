// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Rows of predictions of one layout that are counted together, column by column: a column's edges and cells stay in
/// the processor's first cache for all of them.
struct RowRun {
    /// A row, and the prediction it is of.
    struct Row {
        let prediction: PackedPrediction
        let index: Int
    }

    /// So many rows or more make a run: those of a tabular model fit in the first cache too.
    static let usualCount = 64

    let plan: ColumnPlan
    private(set) var predictions: [PackedPrediction] = []
    private(set) var rows: [Row] = []
    /// Rows that came with the predictions.
    private(set) var offered = 0

    init(_ plan: ColumnPlan) {
        self.plan = plan
        predictions.reserveCapacity(Self.usualCount)
        rows.reserveCapacity(Self.usualCount)
    }

    var isLong: Bool { rows.count >= Self.usualCount }

    /// Adds a prediction: of many rows the first and then every k-th, so that there are at most `limit`.
    mutating func append(_ prediction: PackedPrediction, atMost limit: Int) {
        let count = prediction.rows
        let step = count > limit ? (count - 1) / limit + 1 : 1
        predictions.append(prediction)
        for index in stride(from: 0, to: count, by: step) { rows.append(Row(prediction: prediction, index: index)) }
        offered &+= count
    }

    mutating func removeAll() {
        predictions.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
        offered = 0
    }
}

extension RowRun.Row {
    /// The elements of this row in one tensor; none of ``ElementType/bytes``.
    func elements(of tensor: Int, width: Int) -> ElementReader? {
        ElementReader(prediction.tensor(tensor))?.row(index, width: width)
    }

    /// The numbers at places, NaN where there are none.
    func numbers(at places: [ColumnPlan.Place], by plan: ColumnPlan) -> [Double] {
        places.map { place in
            let width = plan.sources[place.source].width
            return elements(of: place.source, width: width)?[place.element] ?? .nan
        }
    }

    /// Writes its numbers into their columns.
    func fill(_ values: inout ArraySlice<Float>, by plan: ColumnPlan) {
        for (tensor, source) in plan.sources.enumerated() where source.form == .numbers {
            guard let elements = elements(of: tensor, width: source.width) else { continue }
            for (element, column) in source.columns.enumerated() where column >= 0 {
                values[values.startIndex + Int(column)] = Float(elements[element])
            }
        }
    }
}
