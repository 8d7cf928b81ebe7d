// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// The `parameters` objects of requests, inputs and outputs.
enum V2Parameters {
    /// Reads an object of numbers, booleans and strings.
    ///
    /// Whole numbers that fit 64 bits with sign stay whole, others become doubles.
    static func read(_ scanner: inout JSONScanner, at place: String) throws(WireError) -> [String: ParameterValue] {
        var values: [String: ParameterValue] = [:]
        do throws(WireError) {
            try scanner.beginObject()
            var isFirst = true
            while let key = try scanner.nextKey(isFirst: &isFirst) {
                guard values[key] == nil else {
                    throw WireError(.invalidRequest, "the key '\(key)' occurs twice", at: "byte \(scanner.offset)")
                }
                // MLServer's requests may hold HTTP headers as an object; nothing here reads them.
                if key == "headers", scanner.peek() == .openBrace {
                    try scanner.skipValue()
                    continue
                }
                values[key] = try value(&scanner, key)
            }
        } catch {
            throw error.within(place)
        }
        return values
    }

    private static func value(_ scanner: inout JSONScanner, _ key: String) throws(WireError) -> ParameterValue {
        switch scanner.peek() {
        case .quote:
            return .string(try scanner.string())
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            return .bool(try scanner.bool())
        case .minus, UInt8(ascii: "0")...UInt8(ascii: "9"):
            if let whole = Int64.read(&scanner.cursor, end: scanner.end, .shared) { return .int(whole) }
            guard let number = Double.read(&scanner.cursor, end: scanner.end, .shared) else {
                throw scanner.malformed("a number that a double can hold")
            }
            return .double(number)
        default:
            throw WireError(
                .invalidRequest,
                "parameter '\(key)' has invalid type. It should be either 'int', 'bool', or 'string'.",
                at: "byte \(scanner.offset)")
        }
    }

    /// Removes and returns a parameter that must be a whole number from 0 on.
    static func takeUnsigned(
        _ key: String, _ parameters: inout [String: ParameterValue]
    ) throws(WireError) -> UInt64? {
        guard let value = parameters.removeValue(forKey: key) else { return nil }
        guard case .int(let number) = value, number >= 0 else {
            throw WireError(
                .invalidRequest, "Unable to parse '\(key)': expected a whole number from 0 on", at: "parameters")
        }
        return UInt64(number)
    }

    /// Removes the shared memory parameters and returns the region's name.
    static func takeRegion(_ parameters: inout [String: ParameterValue]) throws(WireError) -> String? {
        guard let region = parameters.removeValue(forKey: "shared_memory_region") else { return nil }
        guard case .string(let name) = region else {
            throw WireError(
                .invalidRequest, "Unable to parse 'shared_memory_region': expected a string", at: "parameters")
        }
        return name
    }

    /// No region can be registered here, so that none is ever found.
    static func unknownRegion(_ name: String) -> WireError {
        WireError(
            .unknownRegion,
            "Unable to find shared memory region: '\(name)': this server shares no memory, send the data itself")
    }

    /// Checks what a client must not set, and what must have a certain type.
    static func check(_ parameters: [String: ParameterValue]) throws(WireError) {
        for key in parameters.keys where key.hasPrefix("triton_") {
            throw WireError(
                .invalidRequest,
                "parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified.")
        }
        var copy = parameters
        _ = try takeUnsigned("priority", &copy)
    }
}
