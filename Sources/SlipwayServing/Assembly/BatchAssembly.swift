// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Puts the rows of several requests together for one engine call, and takes the answer apart again.
package struct BatchAssembly: Sendable {
    /// A request, or some rows of it when it is split over several calls.
    package typealias Part = (inputs: NamedTensors, rows: Range<Int>)

    let padding: PaddingRule?

    package init(padding: PaddingRule? = nil) { self.padding = padding }

    /// The length of each part where the parts differ and are padded to the longest; `nil` when nothing is padded.
    package func lengths(of parts: [Part]) -> [Int]? {
        guard let padding, parts.count > 1, let first = padding.length(of: parts[0].inputs) else { return nil }
        var lengths: [Int] = []
        lengths.reserveCapacity(parts.count)
        for part in parts {
            guard let length = padding.length(of: part.inputs) else { return nil }
            lengths.append(length)
        }
        return lengths.allSatisfy { $0 == first } ? nil : lengths
    }

    /// The rows of all parts, one after another, in the first part's order of inputs.
    ///
    /// One whole part is returned as it is and one part's rows are a view; else each part's bytes are copied once.
    /// Parts whose length differs are filled with 0 up to the longest, the mask like every other input.
    ///
    /// - Parameter parts: Of the same ``BatchForm``.
    /// - Throws: ``BatchError`` when the parts do not fit one another after all.
    package func assemble(_ parts: [Part]) throws(BatchError) -> NamedTensors {
        guard let first = parts.first else { throw BatchError("a batch needs at least one request") }
        if parts.count == 1 { return try Self.rows(first.rows, of: first.inputs) }
        let isPadded = lengths(of: parts) != nil
        var result = NamedTensors()
        for (index, element) in first.inputs.enumerated() {
            var pieces: [Concatenation.Piece] = []
            pieces.reserveCapacity(parts.count)
            for part in parts {
                guard part.inputs.count == first.inputs.count,
                    let tensor = Self.find(element.name, in: part.inputs, near: index)
                else { throw BatchError("the requests of a batch have different inputs") }
                pieces.append(try Concatenation.Piece(tensor, rows: part.rows, name: element.name))
            }
            let dimension = isPadded ? padding?.inputDimensions[element.name] : nil
            result.append(
                try Concatenation(pieces: pieces, paddedDimension: dimension, name: element.name).tensor(),
                named: element.name)
        }
        return result
    }

    /// The outputs of the calls that one request was split over, as those of one call; in order.
    ///
    /// - Throws: ``BatchError`` when the portions differ in names, types or extents beyond the first dimension.
    package static func join(_ portions: [NamedTensors]) throws(BatchError) -> NamedTensors {
        var parts: [Part] = []
        for portion in portions {
            let rows = portion.first?.tensor.rowCount ?? 0
            for output in portion where output.tensor.rowCount != rows {
                throw .wrongRows(output.name, got: output.tensor.rowCount, expected: rows)
            }
            parts.append((portion, 0..<rows))
        }
        return try BatchAssembly().assemble(parts)
    }

    private static func rows(_ rows: Range<Int>, of inputs: NamedTensors) throws(BatchError) -> NamedTensors {
        if inputs.allSatisfy({ $0.tensor.rowCount == rows.count }) && rows.lowerBound == 0 { return inputs }
        var result = NamedTensors()
        for element in inputs {
            guard let range = element.tensor.byteRange(ofRows: rows) else {
                throw .missingRows(rows, of: element.tensor, named: element.name)
            }
            result.append(try element.tensor.view(ofRows: rows.count, in: range), named: element.name)
        }
        return result
    }

    static func find(_ name: String, in tensors: NamedTensors, near index: Int) -> Tensor? {
        if index < tensors.count, tensors[index].name == name { return tensors[index].tensor }
        return tensors[name]
    }
}

extension BatchError {
    static func missingRows(_ rows: Range<Int>, of tensor: Tensor, named name: String) -> BatchError {
        BatchError("'\(name)' of shape \(tensor.shape) has no rows \(rows.lowerBound) to \(rows.upperBound)")
    }
}
