// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

extension VersionWindow {
    /// Counts the rows of a run in the bucket.
    mutating func count(_ run: RowRun) {
        guard !run.rows.isEmpty else { return }
        if hashes.count < run.rows.count { hashes = [UInt64](repeating: 0, count: run.rows.count) }
        for index in run.rows.indices { hashes[index] = 1 }
        let odd = countTensors(run)
        for column in run.plan.absent { bucket?.tallies[column].typeErrors &+= UInt64(run.rows.count) }
        countRows(run)
        for one in odd { note(run.rows[one.row].prediction.requestID, oddIn: one.column) }
    }

    /// Returns rows that are examples of something odd.
    private mutating func countTensors(_ run: RowRun) -> [ValueCounter.Odd] {
        let set = set
        return set.slots.withUnsafeBufferPointer { slots in
            set.edges.values.withUnsafeBufferPointer { edges in
                withCounter(slots, edges) { counter, hashes in
                    for (tensor, source) in run.plan.sources.enumerated() {
                        TensorWalk(tensor: tensor, source: source, rows: run.rows).count(into: &counter, &hashes)
                    }
                }
            }
        }
    }

    /// Calls `body` with a counter on the bucket's own memory.
    private mutating func withCounter(
        _ slots: UnsafeBufferPointer<ColumnSet.Slot>, _ edges: UnsafeBufferPointer<Double>,
        _ body: (inout ValueCounter, inout [UInt64]) -> Void
    ) -> [ValueCounter.Odd] {
        guard var live = bucket.take() else { return [] }
        defer { bucket = live }
        return live.cells.withUnsafeMutableBufferPointer { cells in
            live.tallies.withUnsafeMutableBufferPointer { tallies in
                live.sketches.withUnsafeMutableBufferPointer { sketches in
                    var counter = ValueCounter(
                        set: set, slots: slots, edges: edges, cells: cells, tallies: tallies, sketches: sketches)
                    body(&counter, &hashes)
                    return counter.odd
                }
            }
        }
    }

    private mutating func countRows(_ run: RowRun) {
        var duplicates: UInt64 = 0
        for (index, row) in run.rows.enumerated() {
            if recent.see(hashes[index]) { duplicates &+= 1 }
            withExamples { examples in
                guard let place = examples.place() else { return }
                examples.put(row.prediction.requestID, at: place) { row.fill(&$0, by: run.plan) }
            }
        }
        bucket?.whole.requests &+= UInt64(run.predictions.count)
        bucket?.whole.rows &+= UInt64(run.rows.count)
        bucket?.whole.offered &+= UInt64(run.offered)
        bucket?.whole.duplicates &+= duplicates
        guard let model = set.profile.outliers, !run.plan.scored.isEmpty else { return }
        for row in run.rows where mayScore(at: row.prediction.at) {
            score(row.numbers(at: run.plan.scored, by: run.plan), by: model, of: row.prediction)
        }
    }

    private mutating func score(_ row: [Double], by model: OutlierModel, of prediction: PackedPrediction) {
        bucket?.whole.scored &+= 1
        if let error = set.profile.components?.reconstructionError(row) { bucket?.whole.reconstruction.add(error) }
        guard model.isOutlier(row) else { return }
        bucket?.whole.outliers &+= 1
        withExamples { $0.noteOutlier(prediction.requestID) }
    }

    private mutating func note(_ id: String?, oddIn column: Int) {
        var isKept = false
        withExamples { isKept = $0.note(id, oddIn: column) }
        if isKept { bucket?.tallies[column].noted &+= 1 }
    }
}

/// One tensor of a run's predictions, walked column by column.
private struct TensorWalk {
    let tensor: Int
    let source: ColumnPlan.Source
    let rows: [RowRun.Row]

    func count(into counter: inout ValueCounter, _ hashes: inout [UInt64]) {
        switch source.form {
        case .unused: return
        case .text: countText(into: &counter, &hashes)
        case .numbers, .summary:
            let readers = rows.compactMap { $0.elements(of: tensor, width: source.width) }
            guard readers.count == rows.count else { return }
            if !source.isOutput {
                for index in readers.indices { hashes[index] = RecentRows.joined(hashes[index], readers[index].bytes) }
            }
            if source.form == .numbers {
                countNumbers(readers, into: &counter)
            } else {
                summarise(readers, into: &counter)
            }
        }
    }

    private func countNumbers(_ readers: [ElementReader], into counter: inout ValueCounter) {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: readers.count) { values in
            for (element, column) in source.columns.enumerated() where column >= 0 {
                for index in readers.indices { values.initializeElement(at: index, to: readers[index][element]) }
                counter.add(UnsafeBufferPointer(values), to: Int(column))
            }
        }
    }

    private func summarise(_ readers: [ElementReader], into counter: inout ValueCounter) {
        let summaries = readers.map { RowSummary($0, from: 0, count: source.width) }
        withUnsafeTemporaryAllocation(of: Double.self, capacity: readers.count) { values in
            for (place, kind) in ColumnProfile.Summary.allCases.enumerated() where source.columns[place] >= 0 {
                for index in summaries.indices { values.initializeElement(at: index, to: summaries[index].value(kind)) }
                counter.add(UnsafeBufferPointer(values), to: Int(source.columns[place]))
            }
        }
    }

    private func countText(into counter: inout ValueCounter, _ hashes: inout [UInt64]) {
        var next = 0
        while next < rows.count {
            // All rows of one prediction in one walk, for texts lie behind one another.
            let first = next
            let packed = rows[first].prediction.tensor(tensor)
            var element = 0
            var isOver = false
            packed.forEachBytes { bytes in
                let (row, column) = element.quotientAndRemainder(dividingBy: source.width)
                element += 1
                guard !isOver, row == rows[next].index else { return }
                var hash: UInt64 = 0
                if source.columns[column] >= 0 {
                    hash = counter.add(bytes, at: next, to: Int(source.columns[column]))
                }
                if !source.isOutput { hashes[next] = StableHash.combined(hashes[next], hash) }
                guard column == source.width - 1 else { return }
                next += 1
                isOver = next == rows.count || rows[next].index == 0
            }
            // A tensor without the row would be another layout; never stand still all the same.
            if next == first { next += 1 }
        }
    }
}
