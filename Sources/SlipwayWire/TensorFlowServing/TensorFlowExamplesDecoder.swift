// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Decodes the JSON of TensorFlow Serving's `:classify` and `:regress`.
///
/// `{"examples": [{feature: value or [values]}], "context": {feature: value or [values]}}`, where a value is a number,
/// a text, a boolean or `{"b64":"..."}`.
package enum TensorFlowExamplesDecoder {
    /// Features and texts in one request: each takes some memory of its own, however short it is in JSON.
    package static let maximumParts = 1 << 20

    /// - Parameter body: The whole body after decompression.
    /// - Throws: ``WireError``.
    package static func decode(_ body: UnsafeRawBufferPointer) throws(WireError) -> ExampleList {
        var scanner = try JSONScanner(body)
        var list = ExampleList()
        var partsLeft = maximumParts
        var seen: Set<String> = []
        try scanner.beginObject()
        var isFirst = true
        while let key = try scanner.nextKey(isFirst: &isFirst) {
            guard seen.insert(key).inserted else {
                throw WireError(.invalidRequest, "expected '\(key)' once, got it twice", at: "byte \(scanner.offset)")
            }
            switch key {
            case "examples":
                try readExamples(&scanner, &partsLeft, into: &list)
            case "context":
                list.context = try scanner.features("context", &partsLeft)
            case "signature_name":
                try TensorFlowSignature.check(try scanner.text("signature_name"))
            default:
                try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard !list.examples.isEmpty else {
            throw WireError(.invalidRequest, "expected a member 'examples' with a list of at least one example")
        }
        return list
    }

    private static func readExamples(
        _ scanner: inout JSONScanner, _ partsLeft: inout Int, into list: inout ExampleList
    ) throws(WireError) {
        guard scanner.peek() == .openBracket else {
            throw WireError(
                .invalidRequest, "expected 'examples' to be a list of objects", at: "byte \(scanner.offset)")
        }
        try scanner.beginArray()
        var isFirst = true
        while try scanner.nextElement(isFirst: &isFirst) {
            list.examples.append(try scanner.features("examples[\(list.examples.count)]", &partsLeft))
        }
    }
}

extension JSONScanner {
    /// One example: an object from a feature's name to its value or values.
    fileprivate mutating func features(
        _ place: String, _ partsLeft: inout Int
    ) throws(WireError) -> [String: FeatureValues] {
        do throws(WireError) {
            guard peek() == .openBrace else {
                throw WireError(
                    .invalidRequest, "expected an object from features to values", at: "byte \(offset)")
            }
            var features: [String: FeatureValues] = [:]
            try takePart(&partsLeft)
            try beginObject()
            var isFirst = true
            while let name = try nextKey(isFirst: &isFirst) {
                try takePart(&partsLeft)
                let values = try featureValues(&partsLeft)
                guard features.updateValue(values, forKey: name) == nil else {
                    throw WireError(.invalidRequest, "expected a feature once, got it twice", at: "byte \(offset)")
                }
            }
            return features
        } catch {
            throw error.within(place)
        }
    }

    private func takePart(_ partsLeft: inout Int) throws(WireError) {
        guard partsLeft > 0 else {
            throw WireError(
                .invalidRequest,
                "expected at most \(TensorFlowExamplesDecoder.maximumParts) features and texts in one request: send "
                    + "several requests, or use predict")
        }
        partsLeft -= 1
    }

    private mutating func featureValues(_ partsLeft: inout Int) throws(WireError) -> FeatureValues {
        var values = FeatureBuilder()
        guard peek() == .openBracket else {
            try values.append(&self)
            return values.values
        }
        try beginArray()
        var isFirst = true
        while try nextElement(isFirst: &isFirst) {
            if peek() == .quote || peek() == .openBrace { try takePart(&partsLeft) }
            try values.append(&self)
        }
        return values.values
    }
}

/// Collects the values of one feature, all texts or all numbers.
private struct FeatureBuilder {
    private var texts: [[UInt8]] = []
    private var integers: [Int64] = []
    private var floats: [Double] = []

    var values: FeatureValues {
        if !texts.isEmpty { return .bytes(texts) }
        return floats.isEmpty ? .integers(integers) : .floats(floats)
    }

    mutating func append(_ scanner: inout JSONScanner) throws(WireError) {
        let first = scanner.peek()
        let place = "byte \(scanner.offset)"
        switch first {
        case .quote:
            var text: [UInt8] = []
            JSONScanner.unescape(try scanner.stringToken(), into: &text)
            texts.append(text)
        case .openBrace:
            var text: [UInt8] = []
            try scanner.base64(into: &text)
            texts.append(text)
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            append(integer: try scanner.bool() ? 1 : 0)
        default:
            if let number = Int64.read(&scanner.cursor, end: scanner.end, .shared) {
                append(integer: number)
            } else if let number = Double.read(&scanner.cursor, end: scanner.end, .shared) {
                // From the first fraction on all are floats.
                if floats.isEmpty { floats = integers.map { Double($0) } }
                floats.append(number)
            } else {
                throw WireError(
                    .invalidRequest, "expected a number, a text, a boolean or {\"b64\": string}", at: place)
            }
        }
        guard texts.isEmpty || (integers.isEmpty && floats.isEmpty) else {
            throw WireError(
                .invalidRequest, "expected the values of a feature to be all texts or all numbers", at: place)
        }
    }

    private mutating func append(integer: Int64) {
        if floats.isEmpty { integers.append(integer) } else { floats.append(Double(integer)) }
    }
}
