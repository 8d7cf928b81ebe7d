// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// The `parameters` maps of the V2 messages.
enum V2ProtobufParameters {
    /// Asks for ``finalResponse`` in the answers of a stream.
    static let finalResponseWish = "triton_enable_empty_final_response"
    /// Says whether more answers to the same request follow.
    static let finalResponse = "triton_final_response"

    /// More than any client sets; a parameter takes many times its bytes on the wire.
    private static let maximumEntries = 1024

    /// Reads one entry of a map; of two with the same key the last holds, as protobuf wants it.
    static func readEntry(
        _ field: ProtobufScanner.Field, _ scanner: inout ProtobufScanner,
        into parameters: inout [String: ParameterValue]
    ) throws(WireError) {
        var entry = try scanner.message(field, "parameters")
        var key = ""
        var value: ParameterValue?
        while let field = try entry.nextField() {
            switch field.number {
            case 1: key = try entry.text(field, "parameters")
            case 2: value = try readValue(try entry.message(field, "parameters"))
            default: try entry.skip(field)
            }
        }
        guard let value else {
            throw WireError(
                .invalidRequest,
                "parameter '\(key)' has invalid type. It should be either 'int', 'bool', or 'string'.",
                at: "byte \(scanner.offset)")
        }
        parameters[key] = value
        guard parameters.count <= maximumEntries else {
            throw WireError(.invalidRequest, "expected at most \(maximumEntries) 'parameters', got more")
        }
    }

    /// The value of an `InferParameter`; `nil` when it has none.
    private static func readValue(_ message: ProtobufScanner) throws(WireError) -> ParameterValue? {
        var scanner = message
        var value: ParameterValue?
        while let field = try scanner.nextField() {
            switch field.number {
            case 1: value = .bool(try scanner.bool(field, "bool_param"))
            case 2: value = .int(Int64(bitPattern: try scanner.integer(field, "int64_param")))
            case 3: value = .string(try scanner.text(field, "string_param"))
            case 4: value = .double(try scanner.double(field, "double_param"))
            case 5:
                let number = try scanner.integer(field, "uint64_param")
                // As in JSON: what 64 bits with sign cannot hold becomes a double.
                value = Int64(exactly: number).map { .int($0) } ?? .double(Double(number))
            default: try scanner.skip(field)
            }
        }
        return value
    }
}

extension V2OutputHead {
    init(_ message: ProtobufScanner) throws(WireError) {
        var scanner = message
        var name = ""
        var parameters: [String: ParameterValue] = [:]
        while let field = try scanner.nextField() {
            switch field.number {
            case 1: name = try scanner.text(field, "name")
            case 2: try V2ProtobufParameters.readEntry(field, &scanner, into: &parameters)
            default: try scanner.skip(field)
            }
        }
        guard !name.isEmpty else { throw WireError(.invalidRequest, "Unable to parse 'name': the output has none") }
        try self.init(name: name, parameters: &parameters)
    }
}
