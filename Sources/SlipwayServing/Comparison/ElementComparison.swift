// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Walks two tensors of one type and shape.
struct ElementComparison {
    private let tensor: Tensor
    private let reference: Tensor

    /// - Precondition: type and shape are the same.
    init(_ tensor: Tensor, _ reference: Tensor) {
        self.tensor = tensor
        self.reference = reference
    }

    static func isFloat(_ elementType: ElementType) -> Bool {
        switch elementType {
        case .float16, .bfloat16, .float32, .float64: true
        default: false
        }
    }

    /// Calls `body` with the index of each element that is not equal and with |a - b| / max(1, |b|), 1 for bools and
    /// texts.
    func forEachDifference(_ body: (Int, Double) -> Void) {
        switch reference.elementType {
        case .int8: walk(Int8.self, body) { Double($0) }
        case .int16: walk(Int16.self, body) { Double($0) }
        case .int32: walk(Int32.self, body) { Double($0) }
        case .int64: walk(Int64.self, body) { Double($0) }
        case .bool, .uint8: walk(UInt8.self, body) { Double($0) }
        case .uint16: walk(UInt16.self, body) { Double($0) }
        case .uint32: walk(UInt32.self, body) { Double($0) }
        case .uint64: walk(UInt64.self, body) { Double($0) }
        case .float16: walk(Float16.self, body) { Double($0) }
        case .bfloat16: walk(BFloat16.self, body) { Double($0.float) }
        case .float32: walk(Float.self, body) { Double($0) }
        case .float64: walk(Double.self, body) { $0 }
        case .bytes: walkTexts(body)
        }
    }

    /// Calls `body` once for each group of `size` neighbours whose largest value is at another place: with the group's
    /// first index, and with how far the reference's own values at the two places are apart, relative as above.
    func forEachTopDifference(of size: Int, _ body: (Int, Double) -> Void) {
        switch reference.elementType {
        case .float16: walkTops(Float16.self, size, body) { Double($0) }
        case .bfloat16: walkTops(BFloat16.self, size, body) { Double($0.float) }
        case .float32: walkTops(Float.self, size, body) { Double($0) }
        case .float64: walkTops(Double.self, size, body) { $0 }
        default: break
        }
    }
}

extension ElementComparison {
    private func walk<T: BitwiseCopyable & Equatable>(
        _ type: T.Type, _ body: (Int, Double) -> Void, number: (T) -> Double
    ) {
        for index in 0..<reference.count {
            let one = Self.load(T.self, tensor, index)
            let other = Self.load(T.self, reference, index)
            if one == other { continue }
            let (a, b) = (number(one), number(other))
            if a.isNaN && b.isNaN { continue }
            // Bools are at no distance from each other: 1 stands for unequal.
            body(index, reference.elementType == .bool ? 1 : Self.difference(a, b))
        }
    }

    private func walkTops<T: BitwiseCopyable>(
        _ type: T.Type, _ size: Int, _ body: (Int, Double) -> Void, number: (T) -> Double
    ) {
        func top(_ tensor: Tensor, _ start: Int) -> Int {
            var best = start
            var bestValue = -Double.infinity
            for index in start..<(start + size) {
                let value = number(Self.load(T.self, tensor, index))
                // A NaN is never the largest.
                if value > bestValue { (best, bestValue) = (index, value) }
            }
            return best
        }
        for start in stride(from: 0, to: reference.count, by: size) {
            let (one, other) = (top(tensor, start), top(reference, start))
            guard one != other else { continue }
            let (a, b) = (
                number(Self.load(T.self, reference, one)), number(Self.load(T.self, reference, other))
            )
            body(start, a == b ? 0 : Self.difference(a, b))
        }
    }

    private func walkTexts(_ body: (Int, Double) -> Void) {
        var offsets = (one: 0, other: 0)
        for index in 0..<reference.count {
            guard let oneEnd = tensor.end(ofElements: 1, from: offsets.one),
                let otherEnd = reference.end(ofElements: 1, from: offsets.other)
            else { return }
            let one = UnsafeRawBufferPointer(rebasing: tensor.storage.bytes[offsets.one..<oneEnd])
            let other = UnsafeRawBufferPointer(rebasing: reference.storage.bytes[offsets.other..<otherEnd])
            if !one.hasSameBytes(as: other) { body(index, 1) }
            offsets = (oneEnd, otherEnd)
        }
    }

    private static func load<T: BitwiseCopyable>(_ type: T.Type, _ tensor: Tensor, _ index: Int) -> T {
        tensor.storage.bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self)
    }

    /// - Returns: Infinity when only one of them is finite, or one is not a number.
    private static func difference(_ a: Double, _ b: Double) -> Double {
        let result = abs(a - b) / max(1, abs(b))
        return result.isNaN ? .infinity : result
    }
}
