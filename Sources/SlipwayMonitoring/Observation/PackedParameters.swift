// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// A request's parameters as bytes: of each its name, its kind, its value.
enum PackedParameters {
    private enum Kind: UInt8 {
        case bool, int, double, string
    }

    static func write(_ parameters: [String: ParameterValue]) -> [UInt8] {
        guard !parameters.isEmpty else { return [] }
        var writer = JournalWriter()
        for (name, value) in parameters {
            writer.longText(name)
            switch value {
            case .bool(let value):
                writer.byte(Kind.bool.rawValue)
                writer.byte(value ? 1 : 0)
            case .int(let value):
                writer.byte(Kind.int.rawValue)
                writer.int(value)
            case .double(let value):
                writer.byte(Kind.double.rawValue)
                writer.double(value)
            case .string(let value):
                writer.byte(Kind.string.rawValue)
                writer.longText(value)
            }
        }
        return writer.bytes
    }

    static func read(_ bytes: UnsafeRawBufferPointer) -> [String: ParameterValue] {
        var reader = JournalReader(bytes)
        var result: [String: ParameterValue] = [:]
        while !reader.isAtEnd {
            guard let name = reader.longText(), let kind = reader.byte().flatMap(Kind.init),
                let value = value(kind, &reader)
            else { return result }
            result[name] = value
        }
        return result
    }

    private static func value(_ kind: Kind, _ reader: inout JournalReader) -> ParameterValue? {
        switch kind {
        case .bool: reader.byte().map { .bool($0 != 0) }
        case .int: reader.int().map { .int($0) }
        case .double: reader.double().map { .double($0) }
        case .string: reader.longText().map { .string($0) }
        }
    }
}
