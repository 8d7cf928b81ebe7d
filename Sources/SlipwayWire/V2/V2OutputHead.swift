// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// One entry of a request's `outputs`.
struct V2OutputHead {
    private(set) var name = ""
    private(set) var isBinary: Bool?
    private(set) var classification: Int?

    init(_ scanner: inout JSONScanner) throws(WireError) {
        var seen = SeenKeys()
        var hasName = false
        var parameters: [String: ParameterValue] = [:]
        try scanner.beginObject()
        var isFirst = true
        while let key = try scanner.nextKey(isFirst: &isFirst) {
            try seen.insert(key, scanner)
            switch key {
            case "name":
                name = try scanner.text("name")
                hasName = true
            case "parameters": parameters = try V2Parameters.read(&scanner, at: "parameters")
            default: try scanner.skipValue()
            }
        }
        guard hasName else { throw WireError(.invalidRequest, "Unable to parse 'name': the output has none") }
        try take(&parameters)
    }

    init(name: String, parameters: inout [String: ParameterValue]) throws(WireError) {
        self.name = name
        try take(&parameters)
    }

    private mutating func take(_ parameters: inout [String: ParameterValue]) throws(WireError) {
        if let region = try V2Parameters.takeRegion(&parameters) { throw V2Parameters.unknownRegion(region) }
        if let wish = parameters["binary_data"] {
            guard case .bool(let flag) = wish else {
                throw WireError(
                    .invalidRequest, "Unable to parse 'binary_data': expected true or false", at: "parameters")
            }
            isBinary = flag
        }
        if let count = try V2Parameters.takeUnsigned("classification", &parameters), count > 0 {
            classification = Int(clamping: count)
        }
    }
}
