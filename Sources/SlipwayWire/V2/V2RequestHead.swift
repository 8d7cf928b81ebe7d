// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// The JSON of an inference request, its tensors' data read where their type and shape came first.
struct V2RequestHead {
    private(set) var id: String?
    private(set) var parameters: [String: ParameterValue] = [:]
    private var inputs: [V2InputHead]?
    private var outputs: [V2OutputHead]?

    init(_ scanner: inout JSONScanner) throws(WireError) {
        var seen = SeenKeys()
        try scanner.beginObject()
        var isFirst = true
        while let key = try scanner.nextKey(isFirst: &isFirst) {
            try seen.insert(key, scanner)
            switch key {
            case "id":
                guard scanner.peek() == .quote else {
                    throw WireError(
                        .invalidRequest, "Unable to parse 'id': expected a string", at: "byte \(scanner.offset)")
                }
                // An empty id is none, as over gRPC.
                let text = try scanner.string()
                id = text.isEmpty ? nil : text
            case "parameters":
                parameters = try V2Parameters.read(&scanner, at: "parameters")
            case "inputs":
                inputs = try Self.list(&scanner, "inputs") { (scanner) throws(WireError) in
                    try V2InputHead(&scanner)
                }
            case "outputs":
                outputs = try Self.list(&scanner, "outputs") { (scanner) throws(WireError) in
                    try V2OutputHead(&scanner)
                }
            default:
                try scanner.skipValue()
            }
        }
        try scanner.finish()
    }

    /// More inputs or outputs than any model has; names are compared one by one, which must stay quick.
    static let maximumEntries = 4096

    private static func list<T>(
        _ scanner: inout JSONScanner, _ name: String,
        element: (inout JSONScanner) throws(WireError) -> T
    ) throws(WireError) -> [T] {
        guard scanner.peek() == .openBracket else {
            throw WireError(
                .invalidRequest, "Unable to parse '\(name)': expected an array", at: "byte \(scanner.offset)")
        }
        try scanner.beginArray()
        var result: [T] = []
        var isFirst = true
        while try scanner.nextElement(isFirst: &isFirst) {
            guard result.count < maximumEntries else {
                throw WireError(.invalidRequest, "expected at most \(maximumEntries) '\(name)', got more")
            }
            do throws(WireError) {
                result.append(try element(&scanner))
            } catch {
                throw error.within("\(name)[\(result.count)]")
            }
        }
        return result
    }

    /// The input tensors, in the order given.
    func tensors(_ scanner: inout JSONScanner, _ binary: inout V2BinaryTail) throws(WireError) -> NamedTensors {
        guard let inputs else {
            throw WireError(.invalidRequest, "Unable to parse 'inputs': the request has none")
        }
        var tensors = NamedTensors()
        for (index, input) in inputs.enumerated() {
            do throws(WireError) {
                let tensor = try input.tensor(&scanner, &binary)
                guard tensors.append(tensor, named: input.name) else {
                    throw WireError(
                        .invalidRequest, "input '\(input.name)' already exists in request: each input comes once")
                }
            } catch {
                throw error.within("inputs[\(index)]")
            }
        }
        return tensors
    }

    /// How the answer is to be written; takes `binary_data_output` out of the parameters.
    func replyForm(_ parameters: inout [String: ParameterValue]) throws(WireError) -> V2ReplyForm {
        try Self.replyForm(outputs, &parameters)
    }

    static func replyForm(
        _ outputs: [V2OutputHead]?, _ parameters: inout [String: ParameterValue]
    ) throws(WireError) -> V2ReplyForm {
        var form = V2ReplyForm()
        if let wish = parameters.removeValue(forKey: "binary_data_output") {
            guard case .bool(let isBinary) = wish else {
                throw WireError(
                    .invalidRequest, "Unable to parse 'binary_data_output': expected true or false",
                    at: "parameters")
            }
            form.isBinary = isBinary
        }
        // An empty list asks for all, as in Triton.
        guard let outputs, !outputs.isEmpty else { return form }
        var names: Set<String> = []
        for output in outputs where !names.insert(output.name).inserted {
            throw WireError(.invalidRequest, "output '\(output.name)' already requested: each output comes once")
        }
        form.outputs = outputs.map {
            V2ReplyForm.Output(
                name: $0.name, isBinary: $0.isBinary ?? form.isBinary, classification: $0.classification)
        }
        return form
    }
}

/// The keys of one object seen so far, to refuse a second one of the same name.
struct SeenKeys {
    private var keys: [String] = []

    mutating func insert(_ key: String, _ scanner: JSONScanner) throws(WireError) {
        guard !keys.contains(key) else {
            throw WireError(.invalidRequest, "the key '\(key)' occurs twice", at: "byte \(scanner.offset)")
        }
        // An object of the protocol has a handful; the search must stay short.
        guard keys.count < 64 else {
            throw WireError(
                .invalidRequest, "expected at most 64 keys in an object, got more", at: "byte \(scanner.offset)")
        }
        keys.append(key)
    }
}
