// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayFormats

/// Reads JSON into the tree that protobuf text is read into: objects are messages, arrays repeat their field.
enum ConfigJSON {
    static let maximumBytes = 4 << 20
    /// Objects and arrays inside one another.
    static let maximumDepth = 32

    /// - Parameter source: What messages call the JSON.
    /// - Throws: ``ControlError`` `invalidRequest`.
    static func read(_ json: [UInt8], source: String) throws(ControlError) -> ProtobufTextMessage {
        guard json.count <= maximumBytes else {
            throw ControlError(.invalidRequest, "\(source) has \(json.count) bytes, expected 4 MiB at most")
        }
        let tree: Tree
        do {
            tree = try JSONDecoder().decode(Tree.self, from: Data(json))
        } catch is TooDeep {
            throw ControlError(.invalidRequest, "\(source) is nested deeper than \(maximumDepth)")
        } catch {
            throw ControlError(.invalidRequest, "\(source) is not JSON, expected an object")
        }
        guard case .values(let values) = tree, values.count == 1, case .message(let message) = values[0] else {
            throw ControlError(.invalidRequest, "\(source) is not a JSON object")
        }
        return message
    }

    private struct TooDeep: Error {}

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }

    /// One JSON value; `null` and arrays have no or several values.
    private enum Tree: Decodable {
        case values([ProtobufTextValue])

        init(from decoder: any Decoder) throws {
            guard decoder.codingPath.count <= maximumDepth else { throw TooDeep() }
            if let object = try? decoder.container(keyedBy: Key.self) {
                self = .values([.message(try Self.message(object))])
            } else if var array = try? decoder.unkeyedContainer() {
                var all: [ProtobufTextValue] = []
                while !array.isAtEnd {
                    let tree = try array.decode(Tree.self)
                    if case .values(let values) = tree { all += values }
                }
                self = .values(all)
            } else {
                self = .values(try Self.scalar(try decoder.singleValueContainer()))
            }
        }

        private static func message(_ object: KeyedDecodingContainer<Key>) throws -> ProtobufTextMessage {
            var message = ProtobufTextMessage()
            for key in object.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
                guard case .values(let values) = try object.decode(Tree.self, forKey: key) else { continue }
                message.fields += values.map {
                    ProtobufTextField(name: key.stringValue, value: $0, line: 1, column: 1)
                }
            }
            return message
        }

        private static func scalar(_ container: any SingleValueDecodingContainer) throws -> [ProtobufTextValue] {
            if container.decodeNil() { return [] }
            if let flag = try? container.decode(Bool.self) { return [.word(flag ? "true" : "false")] }
            if let number = try? container.decode(Int64.self) { return [.integer(number)] }
            if let number = try? container.decode(UInt64.self) { return [.unsigned(number)] }
            if let number = try? container.decode(Double.self) { return [.float(number)] }
            return [.string(Array(try container.decode(String.self).utf8))]
        }
    }
}
