// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import SwiftProtobuf

/// Writes messages of protobuf for grpc-swift-2.
struct ProtobufSerializer<Message: SwiftProtobuf.Message>: MessageSerializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: Message) throws -> Bytes {
        Bytes(try message.serializedBytes() as [UInt8])
    }
}

/// Reads messages of protobuf for grpc-swift-2; what is none is the caller's mistake.
struct ProtobufDeserializer<Message: SwiftProtobuf.Message>: MessageDeserializer {
    func deserialize<Bytes: GRPCContiguousBytes>(_ serializedMessageBytes: Bytes) throws -> Message {
        do {
            return try serializedMessageBytes.withUnsafeBytes { try Message(serializedBytes: Array($0)) }
        } catch {
            throw RPCError(
                code: .invalidArgument, message: "the request is no \(Message.protoMessageName)", cause: error)
        }
    }
}
