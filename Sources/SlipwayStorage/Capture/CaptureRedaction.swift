// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What is left out of captured requests before anything reaches the disk.
///
/// `NAME` leaves out the whole input, output or parameter; `NAME[3]` blanks the fourth column of a tensor: NaN, 0,
/// `false` or an empty text.
struct CaptureRedaction: Sendable, Hashable {
    /// As they were given, sorted.
    let names: [String]
    private let whole: Set<String>
    private let columns: [String: Set<Int>]

    init(_ names: [String]) {
        var whole: Set<String> = []
        var columns: [String: Set<Int>] = [:]
        for name in names {
            // A tensor may itself be called so, hence both.
            whole.insert(name)
            guard name.hasSuffix("]"), let bracket = name.lastIndex(of: "["),
                let column = Int(name[name.index(after: bracket)...].dropLast()), column >= 0
            else { continue }
            columns[String(name[..<bracket]), default: []].insert(column)
        }
        self.names = Set(names).sorted()
        self.whole = whole
        self.columns = columns
    }

    func leavesOut(_ name: String) -> Bool { whole.contains(name) }

    /// The tensor with its redacted columns blank: those of the last dimension.
    func blanked(_ tensor: Tensor, named name: String) throws(TensorError) -> Tensor {
        guard let columns = columns[name], let width = tensor.shape.dimensions.last, width > 0 else { return tensor }
        guard let size = tensor.elementType.byteWidth else {
            var texts: [[UInt8]] = []
            tensor.forEachBytes { bytes in texts.append(columns.contains(texts.count % width) ? [] : Array(bytes)) }
            return try Tensor(elementType: .bytes, shape: tensor.shape, storage: BytesLayout.pack(texts))
        }
        let blank = Self.blank(tensor.elementType)
        let storage = TensorStorage(byteCount: tensor.byteCount) { target in
            target.copyMemory(from: tensor.storage.bytes)
            for start in stride(from: 0, to: tensor.count, by: width) {
                for column in columns where column < width {
                    for byte in 0..<size { target[(start + column) * size + byte] = blank[byte] }
                }
            }
        }
        return try Tensor(elementType: tensor.elementType, shape: tensor.shape, storage: storage)
    }

    private static func blank(_ element: ElementType) -> [UInt8] {
        switch element {
        case .float64: withUnsafeBytes(of: Double.nan.bitPattern.littleEndian) { Array($0) }
        case .float32: withUnsafeBytes(of: Float.nan.bitPattern.littleEndian) { Array($0) }
        case .float16: [0x00, 0x7E]
        case .bfloat16: [0xC0, 0x7F]
        default: [UInt8](repeating: 0, count: 8)
        }
    }
}
