// SPDX-License-Identifier: Apache-2.0

/// A message of protobuf's text format as it is written, without a schema: fields in their order.
public struct ProtobufTextMessage: Sendable, Hashable {
    public var fields: [ProtobufTextField]

    public init(fields: [ProtobufTextField] = []) { self.fields = fields }

    /// The values of every field of this name, in their order.
    public subscript(name: String) -> [ProtobufTextValue] { fields.filter { $0.name == name }.map(\.value) }
}

/// One field, or one element of a field that was written as a list.
public struct ProtobufTextField: Sendable, Hashable {
    /// The field's name; extensions and type addresses with their brackets: `[type.googleapis.com/a.B]`.
    public var name: String
    public var value: ProtobufTextValue
    /// Where the value's name begins: the line, and the byte within it, from 1.
    public var line: Int
    public var column: Int

    public init(name: String, value: ProtobufTextValue, line: Int, column: Int) {
        self.name = name
        self.value = value
        self.line = line
        self.column = column
    }
}

/// A value as it is written; what a word or a number means is for a schema to say.
public enum ProtobufTextValue: Sendable, Hashable {
    case integer(Int64)
    /// An integer above `Int64.max`.
    case unsigned(UInt64)
    /// Also whole numbers that 64 bits do not hold, `inf`, `-inf` and `-nan`.
    case float(Double)
    /// `true`, `TYPE_FP32`, `nan`.
    case word(String)
    /// The bytes that a text in quotes stands for; they need not be UTF-8.
    case string([UInt8])
    case message(ProtobufTextMessage)
}

/// How much a text may hold.
public struct ProtobufTextLimits: Sendable, Hashable {
    public var byteCount: Int
    /// Messages inside one another.
    public var depth: Int
    /// Values of all messages together.
    public var valueCount: Int

    public init(byteCount: Int = 4 << 20, depth: Int = 32, valueCount: Int = 200_000) {
        self.byteCount = byteCount
        self.depth = depth
        self.valueCount = valueCount
    }
}
