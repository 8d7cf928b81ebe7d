// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// The type of a numpy array's elements.
public indirect enum NumpyElement: Sendable, Hashable {
    /// bool, int8 to uint64, float16 to float64; `isBigEndian` as it lies in the file.
    case number(ElementType, isBigEndian: Bool)
    /// `S`: bytes, padded with NUL.
    case byteString(width: Int)
    /// `U`: UTF-32, padded with NUL; width in characters.
    case text(width: Int, isBigEndian: Bool)
    /// `O`: any value.
    case object
    /// Named fields at byte offsets in elements of so many bytes.
    case record(fields: [Field], byteCount: Int)
    /// Known and not carried: dates, complex numbers, longdouble; named as numpy does.
    case other(String, byteCount: Int)

    public struct Field: Sendable, Hashable {
        public let name: String
        public let type: NumpyElement
        public let offset: Int
    }

    /// Bytes of one element as it lies in a file; 0 for objects.
    public var byteCount: Int {
        switch self {
        case .number(let type, _): type.byteWidth ?? 0
        case .byteString(let width): width
        case .text(let width, _): width * 4
        case .object: 0
        case .record(_, let count), .other(_, let count): count
        }
    }
}

/// A numpy array as data. Elements are given row-major whatever their order in the file.
public struct NumpyArray: Sendable {
    public let element: NumpyElement
    public let shape: [Int]
    let isFortranOrder: Bool
    let content: Content

    enum Content: Sendable {
        case bytes([UInt8])
        /// Numbers of nodes, for arrays of objects.
        case objects(PickleNodes, [UInt32])
    }

    public var count: Int { shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue } }
}
