// SPDX-License-Identifier: Apache-2.0

import SlipwayWire
import SwiftProtobuf

/// The descriptors of every message and service, found by file and by name.
package struct DescriptorIndex: Sendable {
    /// Full names of the services that this server answers.
    package let services: [String]
    private let files: [String: [UInt8]]
    private let imports: [String: [String]]
    /// The file that declares a full name.
    private let declarations: [String: String]

    /// - Parameter base64: A serialized `google.protobuf.FileDescriptorSet`.
    /// - Throws: When it is not one.
    package init(base64: String, services: [String]) throws {
        self.services = services.sorted()
        var bytes: [UInt8] = []
        guard Array(base64.utf8).withUnsafeBytes({ Base64.append(decoding: $0, to: &bytes) }) else {
            throw ServerError(.badBody, "the descriptor set is not base64")
        }
        let set = try Google_Protobuf_FileDescriptorSet(serializedBytes: bytes)
        var files: [String: [UInt8]] = [:]
        var imports: [String: [String]] = [:]
        var declarations: [String: String] = [:]
        for file in set.file {
            files[file.name] = try file.serializedBytes()
            imports[file.name] = file.dependency
            let prefix = file.package.isEmpty ? "" : file.package + "."
            for message in file.messageType { Self.declare(message, prefix, file.name, &declarations) }
            for type in file.enumType { declarations[prefix + type.name] = file.name }
            for service in file.service {
                declarations[prefix + service.name] = file.name
                for method in service.method { declarations[prefix + service.name + "." + method.name] = file.name }
            }
        }
        self.files = files
        self.imports = imports
        self.declarations = declarations
    }

    private static func declare(
        _ message: Google_Protobuf_DescriptorProto, _ prefix: String, _ file: String,
        _ declarations: inout [String: String]
    ) {
        let name = prefix + message.name
        declarations[name] = file
        for field in message.field { declarations[name + "." + field.name] = file }
        for nested in message.nestedType { declare(nested, name + ".", file, &declarations) }
        for type in message.enumType { declarations[name + "." + type.name] = file }
    }

    /// The file and all it imports, each once, the file first; empty when there is no such file.
    package func files(named name: String) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var seen: Set<String> = []
        var waiting = [name]
        while let next = waiting.popLast() {
            guard seen.insert(next).inserted, let file = files[next] else { continue }
            found.append(file)
            waiting.append(contentsOf: imports[next] ?? [])
        }
        return found
    }

    /// As ``files(named:)``, for the file that declares a message, enumeration, service, method or field.
    package func files(declaring symbol: String) -> [[UInt8]] {
        declarations[symbol].map { files(named: $0) } ?? []
    }
}
