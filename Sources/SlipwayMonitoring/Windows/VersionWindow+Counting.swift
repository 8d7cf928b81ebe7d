// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

extension VersionWindow {
    /// Counts the rows of one prediction.
    ///
    /// One-row requests allocate nothing here. Of many rows the first and then every k-th is looked at.
    mutating func count(_ prediction: PredictionObservation, by plan: ColumnPlan, atMost limit: Int) {
        let rows = prediction.rows
        let step = rows > limit ? (rows + limit - 1) / limit : 1
        let counted = (rows + step - 1) / step
        if hashes.count < counted { hashes = [UInt64](repeating: 0, count: counted) }
        for index in 0..<counted { hashes[index] = 1 }
        let flags = countTensors(prediction, by: plan, step: step)
        for column in plan.absent { bucket?.tallies[column].typeErrors &+= UInt64(counted) }
        countRows(prediction, counted: counted, by: plan, step: step)
        guard !flags.isEmpty else { return }
        for column in flags { note(prediction.requestID, oddIn: column) }
    }

    /// Returns the columns that the request is an example for.
    private mutating func countTensors(
        _ prediction: PredictionObservation, by plan: ColumnPlan, step: Int
    ) -> [Int] {
        let set = set
        return set.slots.withUnsafeBufferPointer { slots in
            set.edges.values.withUnsafeBufferPointer { edges in
                withCounter(slots, edges) { counter, hashes in
                    for index in plan.sources.indices {
                        let source = plan.sources[index]
                        let tensors = source.isOutput ? prediction.outputs : prediction.inputs
                        let walk = TensorWalk(tensor: tensors[source.index].tensor, rows: prediction.rows, step: step)
                        walk.count(source, into: &counter, &hashes)
                    }
                }
            }
        }
    }

    /// Calls `body` with a counter on the bucket's own memory.
    private mutating func withCounter(
        _ slots: UnsafeBufferPointer<ColumnSet.Slot>, _ edges: UnsafeBufferPointer<Double>,
        _ body: (inout ValueCounter, inout [UInt64]) -> Void
    ) -> [Int] {
        guard var live = bucket.take() else { return [] }
        defer { bucket = live }
        return live.cells.withUnsafeMutableBufferPointer { cells in
            live.tallies.withUnsafeMutableBufferPointer { tallies in
                live.sketches.withUnsafeMutableBufferPointer { sketches in
                    var counter = ValueCounter(
                        set: set, slots: slots, edges: edges, cells: cells, tallies: tallies, sketches: sketches)
                    body(&counter, &hashes)
                    return counter.flags
                }
            }
        }
    }

    private mutating func countRows(
        _ prediction: PredictionObservation, counted: Int, by plan: ColumnPlan, step: Int
    ) {
        var duplicates: UInt64 = 0
        for index in 0..<counted {
            if recent.see(hashes[index]) { duplicates &+= 1 }
            sample(prediction, row: index * step, by: plan)
        }
        bucket?.whole.requests &+= 1
        bucket?.whole.rows &+= UInt64(counted)
        bucket?.whole.offered &+= UInt64(prediction.rows)
        bucket?.whole.duplicates &+= duplicates
        guard let model = set.profile.outliers, !plan.scored.isEmpty else { return }
        for index in 0..<counted where mayScore(at: prediction.at) {
            let row = PlanReader(prediction, plan).numbers(at: plan.scored, row: index * step)
            score(row, by: model, prediction.requestID)
        }
    }

    private mutating func score(_ row: [Double], by model: OutlierModel, _ id: String?) {
        bucket?.whole.scored &+= 1
        if let error = set.profile.components?.reconstructionError(row) { bucket?.whole.reconstruction.add(error) }
        guard model.isOutlier(row) else { return }
        bucket?.whole.outliers &+= 1
        withExamples { $0.noteOutlier(id) }
    }

    private mutating func note(_ id: String?, oddIn column: Int) {
        var isKept = false
        withExamples { isKept = $0.note(id, oddIn: column) }
        if isKept { bucket?.tallies[column].noted &+= 1 }
    }

    private mutating func sample(_ prediction: PredictionObservation, row: Int, by plan: ColumnPlan) {
        withExamples { examples in
            guard let place = examples.place() else { return }
            let reader = PlanReader(prediction, plan)
            examples.put(prediction.requestID, at: place) { reader.fill(&$0, row: row) }
        }
    }
}

/// One tensor of a request, walked row by row.
private struct TensorWalk {
    let tensor: Tensor
    let rows: Int
    let step: Int

    func count(_ source: ColumnPlan.Source, into counter: inout ValueCounter, _ hashes: inout [UInt64]) {
        switch source.form {
        case .unused: return
        case .text: countText(source, into: &counter, &hashes)
        case .numbers, .summary:
            guard let reader = ElementReader(tensor) else { return }
            if !source.isOutput { hash(source, &hashes) }
            if source.form == .numbers {
                countNumbers(source, reader, into: &counter)
            } else {
                summarise(source, reader, into: &counter)
            }
        }
    }

    @inline(__always)
    private func countNumbers(
        _ source: ColumnPlan.Source, _ reader: ElementReader, into counter: inout ValueCounter
    ) {
        source.columns.withUnsafeBufferPointer { columns in
            for row in stride(from: 0, to: rows, by: step) {
                let start = row &* source.width
                for element in 0..<source.width {
                    let column = Int(columns[element])
                    if column >= 0 { counter.add(reader[start &+ element], to: column) }
                }
            }
        }
    }

    private func summarise(_ source: ColumnPlan.Source, _ reader: ElementReader, into counter: inout ValueCounter) {
        for row in stride(from: 0, to: rows, by: step) {
            let summary = RowSummary(reader, from: row * source.width, count: source.width)
            for (place, kind) in ColumnProfile.Summary.allCases.enumerated() where source.columns[place] >= 0 {
                counter.add(summary.value(kind), to: Int(source.columns[place]))
            }
        }
    }

    private func countText(
        _ source: ColumnPlan.Source, into counter: inout ValueCounter, _ hashes: inout [UInt64]
    ) {
        var element = 0
        tensor.forEachBytes { bytes in
            let (row, column) = element.quotientAndRemainder(dividingBy: source.width)
            element += 1
            guard row % step == 0 else { return }
            var hash: UInt64 = 0
            if source.columns[column] >= 0 { hash = counter.add(bytes, to: Int(source.columns[column])) }
            if !source.isOutput { hashes[row / step] = StableHash.combined(hashes[row / step], hash) }
        }
    }

    private func hash(_ source: ColumnPlan.Source, _ hashes: inout [UInt64]) {
        guard let width = tensor.elementType.byteWidth else { return }
        let length = source.width * width
        let bytes = tensor.storage.bytes
        for (index, row) in stride(from: 0, to: rows, by: step).enumerated() {
            let part = UnsafeRawBufferPointer(rebasing: bytes[(row * length)..<((row + 1) * length)])
            hashes[index] = RecentRows.joined(hashes[index], part)
        }
    }
}

/// Reads single rows of a request by a plan.
private struct PlanReader {
    private let prediction: PredictionObservation
    private let plan: ColumnPlan

    init(_ prediction: PredictionObservation, _ plan: ColumnPlan) {
        self.prediction = prediction
        self.plan = plan
    }

    private func reader(_ source: ColumnPlan.Source) -> ElementReader? {
        let tensors = source.isOutput ? prediction.outputs : prediction.inputs
        return source.form == .numbers ? ElementReader(tensors[source.index].tensor) : nil
    }

    func numbers(at places: [ColumnPlan.Place], row: Int) -> [Double] {
        let readers = plan.sources.map(reader)
        return places.map { place in
            readers[place.source]?[row * plan.sources[place.source].width + place.element] ?? .nan
        }
    }

    /// Writes the numbers of a row into their columns.
    func fill(_ values: inout ArraySlice<Float>, row: Int) {
        for source in plan.sources {
            guard let reader = reader(source) else { continue }
            for (element, column) in source.columns.enumerated() where column >= 0 {
                values[values.startIndex + Int(column)] = Float(reader[row * source.width + element])
            }
        }
    }
}
