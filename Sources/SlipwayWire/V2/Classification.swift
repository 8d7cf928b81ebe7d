// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore

/// The classification extension: the best classes of an output instead of its values.
enum Classification {
    /// The `count` largest values of each row as BYTES elements `value:index[:label]`, the largest first.
    ///
    /// Of rank 2 and more the first dimension counts rows and the others together the classes: the result is
    /// `[rows, count]`, else `[count]`. More classes than there are give all. Equal values keep their order,
    /// NaN comes last. Floats are written with six decimals, as Triton writes them.
    static func best(
        _ count: Int, of tensor: Tensor, output: String, labels: [String]
    ) throws(WireError) -> Tensor {
        switch tensor.elementType {
        case .float32: try rank(Float.self, count, tensor, labels) { fixed(Double($0)) }
        case .float64: try rank(Double.self, count, tensor, labels) { fixed($0) }
        case .int8: try rank(Int8.self, count, tensor, labels) { String($0) }
        case .int16: try rank(Int16.self, count, tensor, labels) { String($0) }
        case .int32: try rank(Int32.self, count, tensor, labels) { String($0) }
        case .int64: try rank(Int64.self, count, tensor, labels) { String($0) }
        case .uint8: try rank(UInt8.self, count, tensor, labels) { String($0) }
        case .uint16: try rank(UInt16.self, count, tensor, labels) { String($0) }
        case .uint32: try rank(UInt32.self, count, tensor, labels) { String($0) }
        case .uint64: try rank(UInt64.self, count, tensor, labels) { String($0) }
        case .bool, .float16, .bfloat16, .bytes:
            throw WireError(
                .notEncodable,
                "class result not available for output '\(output)' due to unsupported type "
                    + "'\(tensor.elementType.rawValue)'")
        }
    }

    private static func rank<T: TensorElement & Comparable>(
        _ type: T.Type, _ count: Int, _ tensor: Tensor, _ labels: [String], text: (T) -> String
    ) throws(WireError) -> Tensor {
        let isBatch = tensor.shape.rank > 1
        let rows = isBatch ? tensor.shape.dimensions[0] : 1
        let classes = rows == 0 ? 0 : tensor.count / rows
        let best = min(count, classes)
        let values = tensor.values(as: type) ?? []
        var elements: [[UInt8]] = []
        elements.reserveCapacity(rows * best)
        for row in 0..<rows {
            let scores = values[(row * classes)..<((row + 1) * classes)]
            // A NaN is not even equal to itself.
            let order = scores.indices.sorted { left, right in
                let (a, b) = (scores[left], scores[right])
                if a == b || (a != a && b != b) { return left < right }
                return a > b || b != b
            }
            for index in order.prefix(best) {
                let label = index - scores.startIndex
                var element = "\(text(scores[index])):\(label)"
                if label < labels.count { element += ":\(labels[label])" }
                elements.append(Array(element.utf8))
            }
        }
        do {
            return try Tensor(
                elementType: .bytes, shape: isBatch ? [rows, best] : [best], storage: BytesLayout.pack(elements))
        } catch {
            throw WireError(.incompleteResponse, error.message)
        }
    }

    /// Six decimals; the largest double has 309 digits before them.
    private static func fixed(_ value: Double) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 336) { buffer in
            let length = withVaList([value]) { vsnprintf(buffer.baseAddress, buffer.count, "%f", $0) }
            let used = buffer.prefix(max(0, min(Int(length), buffer.count - 1)))
            return String(decoding: used.lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
