// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// Some rows of an Arrow column, ready to become tensors.
public struct ArrowColumn: Sendable {
    public let name: String
    public let elementType: ElementType
    public let count: Int
    /// Rows without a value, counted from 0, ascending. Floats among them hold NaN instead and are not listed.
    public let nullRows: [Int]
    /// Extents of a row's value, empty for a single one; `nil` for lists, whose lengths may differ.
    let itemShape: [Int]?
    /// All values in the layout of ``SlipwayCore/Tensor``.
    let values: TensorStorage
    /// Where each row begins in ``values``, and where the last ends.
    let starts: Starts
    /// Of lists whose lengths may differ: where each row begins in the items, and where the last ends.
    var itemStarts: [Int]?

    enum Starts: Sendable {
        /// Every row takes as many bytes.
        case every(Int)
        case at([Int])

        func offset(_ row: Int) -> Int {
            switch self {
            case .every(let stride): row * stride
            case .at(let offsets): offsets[row]
            }
        }
    }

    /// The rows of `range` as one tensor, rows along its first dimension.
    ///
    /// - Throws: ``FormatError`` `unsupported` for lists of different lengths, at the row.
    public func tensor(_ range: Range<Int>) throws(FormatError) -> Tensor {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "rows outside the column")
        let start = starts.offset(range.lowerBound)
        let slice = values.slice(start..<starts.offset(range.upperBound))
        var shape = [range.count]
        if let itemShape {
            shape += itemShape
        } else if let itemStarts {
            let first = range.isEmpty ? 0 : itemStarts[range.lowerBound + 1] - itemStarts[range.lowerBound]
            for row in range where itemStarts[row + 1] - itemStarts[row] != first {
                throw FormatError(
                    .unsupported,
                    "column '\(name)' holds lists of different lengths (\(first) and then "
                        + "\(itemStarts[row + 1] - itemStarts[row])), which make no tensor: "
                        + "score rows one at a time")
            }
            shape.append(first)
        }
        do throws(TensorError) {
            return try Tensor(elementType: elementType, shape: Shape(shape), storage: slice)
        } catch {
            throw FormatError(.malformed, "column '\(name)' is damaged", cause: error)
        }
    }
}
