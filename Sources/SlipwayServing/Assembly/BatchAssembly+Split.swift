// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

extension BatchAssembly {
    /// The outputs of a call as those of each of its parts, in the same order.
    ///
    /// Parts are views and keep the whole answer alive; what belongs to padding is cut off, which takes a copy.
    ///
    /// - Parameters:
    ///   - rowCounts: The rows of each part.
    ///   - lengths: What ``lengths(of:)`` said of the parts.
    /// - Throws: ``BatchError`` when an output has not as many rows as the parts together, or not the padded length.
    package func split(
        _ outputs: NamedTensors, rowCounts: [Int], lengths: [Int]? = nil
    ) throws(BatchError) -> [NamedTensors] {
        var total = 0
        for count in rowCounts {
            let (sum, overflow) = total.addingReportingOverflow(count)
            guard count >= 0, !overflow else { throw BatchError("a part of a batch has \(count) rows") }
            total = sum
        }
        for output in outputs where output.tensor.rowCount != total {
            throw .wrongRows(output.name, got: output.tensor.rowCount, expected: total)
        }
        if rowCounts.count == 1 { return [outputs] }
        var results = [NamedTensors](repeating: NamedTensors(), count: rowCounts.count)
        for output in outputs {
            let padded = lengths == nil ? nil : padding?.outputDimensions[output.name]
            try check(output, isPadded: padded, to: lengths)
            var offset = 0
            for (index, count) in rowCounts.enumerated() {
                guard let end = output.tensor.end(ofRows: count, from: offset) else {
                    throw .wrongRows(output.name, got: index, expected: total)
                }
                var part = try output.tensor.view(ofRows: count, in: offset..<end)
                if let lengths, let padded {
                    for position in padded { part = try part.cropped(at: position, to: lengths[index]) }
                }
                results[index].append(part, named: output.name)
                offset = end
            }
        }
        return results
    }

    private func check(
        _ output: NamedTensors.Element, isPadded positions: [Int]?, to lengths: [Int]?
    ) throws(BatchError) {
        guard let positions, let longest = lengths?.max() else { return }
        let extents = output.tensor.shape.dimensions
        for position in positions where position >= extents.count || extents[position] != longest {
            throw BatchError(
                "output '\(output.name)' has shape \(output.tensor.shape), not the input's length \(longest)")
        }
    }
}
