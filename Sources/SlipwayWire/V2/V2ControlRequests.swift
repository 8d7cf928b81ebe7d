// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Decoders for the small bodies of the repository, trace and logging routes; an empty body is an empty object.
package enum V2ControlRequests {
    /// `POST /v2/repository/index`: whether only models that are ready are wanted.
    package static func decodeIndex(_ body: UnsafeRawBufferPointer) throws(WireError) -> Bool {
        var onlyReady = false
        try readObject(body) { (key, scanner) throws(WireError) in
            if key == "ready" { onlyReady = try scanner.bool() } else { try scanner.skipValue() }
        }
        return onlyReady
    }

    /// `POST /v2/repository/models/M/load` and `/unload`: the parameters, such as `config` and
    /// `unload_dependents`.
    package static func decodeParameters(
        _ body: UnsafeRawBufferPointer
    ) throws(WireError) -> [String: ParameterValue] {
        var parameters: [String: ParameterValue] = [:]
        try readObject(body) { (key, scanner) throws(WireError) in
            if key == "parameters" {
                parameters = try V2Parameters.read(&scanner, at: "parameters")
            } else {
                try scanner.skipValue()
            }
        }
        return parameters
    }

    /// `POST /v2[/models/M]/trace/setting`: each value a list, or `nil` to clear the setting.
    package static func decodeTraceSettings(
        _ body: UnsafeRawBufferPointer
    ) throws(WireError) -> [String: [String]?] {
        var settings: [String: [String]?] = [:]
        try readObject(body) { (key, scanner) throws(WireError) in
            settings.updateValue(try traceValue(&scanner, key), forKey: key)
        }
        return settings
    }

    private static func traceValue(_ scanner: inout JSONScanner, _ key: String) throws(WireError) -> [String]? {
        switch scanner.peek() {
        case UInt8(ascii: "n") where scanner.literal("null"):
            return nil
        case .quote:
            return [try scanner.string()]
        case .minus, UInt8(ascii: "0")...UInt8(ascii: "9"):
            guard let number = Int64.read(&scanner.cursor, end: scanner.end, .shared) else {
                throw scanner.malformed("a whole number")
            }
            return [String(number)]
        case .openBracket:
            var values: [String] = []
            try scanner.beginArray()
            var isFirst = true
            while try scanner.nextElement(isFirst: &isFirst) { values.append(try scanner.text(key)) }
            return values
        default:
            throw WireError(
                .invalidRequest,
                "attempting to set invalid value for trace setting '\(key)': expected a string, a "
                    + "list of strings or null", at: "byte \(scanner.offset)")
        }
    }

    /// `POST /v2/logging`: the settings to change.
    package static func decodeLogSettings(
        _ body: UnsafeRawBufferPointer
    ) throws(WireError) -> [String: ParameterValue] {
        guard !body.isEmpty else { return [:] }
        var scanner = try JSONScanner(body)
        let settings = try V2Parameters.read(&scanner, at: "settings")
        try scanner.finish()
        return settings
    }

    private static func readObject(
        _ body: UnsafeRawBufferPointer,
        member: (String, inout JSONScanner) throws(WireError) -> Void
    ) throws(WireError) {
        guard !body.isEmpty else { return }
        var scanner = try JSONScanner(body)
        var seen = SeenKeys()
        try scanner.beginObject()
        var isFirst = true
        while let key = try scanner.nextKey(isFirst: &isFirst) {
            try seen.insert(key, scanner)
            try member(key, &scanner)
        }
        try scanner.finish()
    }
}
