// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Inputs made up from a signature, for runs that nobody waits for.
package struct WarmUpInputs: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case zeros
        /// Floats in [0, 1), integers 0 and 1, bools, texts of 1 to 8 small letters; the same for the same seed.
        /// Inputs that are named a mask are all 1, so that everything counts.
        case random(seed: UInt64)
    }

    /// The most elements that are made, of all inputs together.
    package static let maximumElements = 1 << 26

    package var kind: Kind
    /// The first dimension of every input, where it may vary.
    package var rows: Int
    /// Every other dimension that may vary.
    package var extent: Int
    /// Extents of symbols that are to have another one than ``extent``.
    package var symbolExtents: [String: Int]

    package init(_ kind: Kind, rows: Int = 1, extent: Int = 1, symbolExtents: [String: Int] = [:]) {
        self.kind = kind
        self.rows = rows
        self.extent = extent
        self.symbolExtents = symbolExtents
    }

    /// One tensor for each required input; optional inputs are left out.
    ///
    /// A symbol has one extent throughout, `rows` when it is some input's first dimension.
    ///
    /// - Returns: `nil` when a rank is unknown, an input is a sequence or the elements were too many.
    package func tensors(for signature: ModelSignature) -> NamedTensors? {
        let batchSymbols = Set(signature.inputs.compactMap { $0.shape?.first?.symbol })
        var generator = if case .random(let seed) = kind { SplitMix64(seed: seed) } else { SplitMix64(seed: 0) }
        var room = Self.maximumElements
        var result = NamedTensors()
        for spec in signature.inputs where !spec.isOptional {
            guard spec.form == .tensor, let dimensions = spec.shape else { return nil }
            let extents = dimensions.enumerated().map { index, dimension in
                switch dimension {
                case .fixed(let extent): extent
                case .dynamic: index == 0 ? rows : extent
                case .symbolic(let symbol): batchSymbols.contains(symbol) ? rows : symbolExtents[symbol] ?? extent
                }
            }
            guard let count = Shape(extents).elementCount, count <= room else { return nil }
            room -= count
            guard
                let tensor = try? Tensor(
                    elementType: spec.elementType, shape: Shape(extents),
                    storage: storage(of: spec, count: count, &generator))
            else { return nil }
            result.append(tensor, named: spec.name)
        }
        return result
    }

    private func storage(of spec: TensorSpec, count: Int, _ generator: inout SplitMix64) -> TensorStorage {
        guard case .random = kind else { return Self.zeros(spec.elementType, count) }
        let isMask = spec.isNamedMask
        func small() -> UInt8 { isMask ? 1 : UInt8(generator.next() & 1) }
        // Fractions of so many bits that each type holds them exactly: rounding never reaches 1.
        func fraction(_ bits: UInt64) -> Double {
            isMask ? 1 : Double(generator.next() >> (64 - bits)) / Double(1 << bits)
        }
        switch spec.elementType {
        case .bool, .int8, .uint8: return Self.filled(count) { small() }
        case .int16, .uint16: return Self.filled(count) { UInt16(small()) }
        case .int32, .uint32: return Self.filled(count) { UInt32(small()) }
        case .int64, .uint64: return Self.filled(count) { UInt64(small()) }
        case .float16: return Self.filled(count) { Float16(fraction(11)) }
        case .bfloat16: return Self.filled(count) { BFloat16(Float(fraction(8))) }
        case .float32: return Self.filled(count) { Float(fraction(24)) }
        case .float64: return Self.filled(count) { fraction(53) }
        case .bytes:
            return BytesLayout.pack(
                (0..<count).map { _ in
                    (0..<Int.random(in: 1...8, using: &generator)).map { _ in
                        UInt8.random(in: 0x61...0x7A, using: &generator)
                    }
                })
        }
    }

    /// Zeros of any type; a text of no bytes is a length of four.
    private static func zeros(_ elementType: ElementType, _ count: Int) -> TensorStorage {
        TensorStorage(byteCount: count * (elementType.byteWidth ?? 4)) { bytes in
            _ = bytes.initializeMemory(as: UInt8.self, repeating: 0)
        }
    }

    private static func filled<T: BitwiseCopyable>(_ count: Int, _ next: () -> T) -> TensorStorage {
        TensorStorage(byteCount: count * MemoryLayout<T>.size) { bytes in
            for index in 0..<count {
                bytes.storeBytes(of: next(), toByteOffset: index * MemoryLayout<T>.size, as: T.self)
            }
        }
    }
}
