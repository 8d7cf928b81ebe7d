// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// The type of a column that is written.
public indirect enum ArrowColumnType: Sendable, Hashable {
    /// Any fixed width; a ``SlipwayCore/ElementType/bfloat16``, which Arrow lacks, is to be widened first.
    case number(ElementType)
    /// UTF-8; what is not valid is repaired.
    case text
    case binary
    /// Milliseconds since 1970 in UTC.
    case instant
    /// Lists of one length.
    case fixedList(Int, of: ArrowColumnType)
    case list(of: ArrowColumnType)

    /// Bytes of a value where all have as many.
    var byteWidth: Int? {
        switch self {
        case .number(let element): element.byteWidth
        case .instant: 8
        case .text, .binary, .fixedList, .list: nil
        }
    }

    var item: ArrowColumnType? {
        switch self {
        case .fixedList(_, let item), .list(let item): item
        case .number, .text, .binary, .instant: nil
        }
    }

    /// Whether its values are found by offsets.
    var hasOffsets: Bool {
        switch self {
        case .text, .binary, .list: true
        case .number, .instant, .fixedList: false
        }
    }
}

/// A column of a table that is written; all may hold nulls.
public struct ArrowOutputField: Sendable, Hashable {
    public let name: String
    public let type: ArrowColumnType

    public init(_ name: String, _ type: ArrowColumnType) {
        self.name = name
        self.type = type
    }
}
