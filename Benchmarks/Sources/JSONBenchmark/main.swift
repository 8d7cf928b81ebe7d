// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayWire

// Prints how fast V2 requests with 150,528 elements are decoded and replies with as many are encoded, in megabytes
// of JSON a second: the best of many rounds on one thread. With a folder as argument it also writes the bodies
// there, for other programs to read.

struct Case {
    let name: String
    let elementType: ElementType
    let elements: [String]
    var separator = ","

    /// A body as clients send it, flat.
    var body: [UInt8] {
        let text =
            "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,\(elements.count)],\"datatype\":\"\(elementType.rawValue)\","
            + "\"data\":[\(elements.joined(separator: separator))]}]}"
        return Array(text.utf8)
    }
}

func bestRate(bytes: Int, rounds: Int = 200, _ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    var best = Duration.seconds(3600)
    for _ in 0..<rounds { best = min(best, try clock.measure(body)) }
    return Double(bytes) / (best / .seconds(1)) / 1e6
}

func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

func writeFile(_ bytes: [UInt8], to path: String) throws {
    guard let file = fopen(path, "w") else { throw FileError(path: path) }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw FileError(path: path) }
}

struct FileError: Error {
    let path: String
}

let count = 150_528
func fixed(_ digits: Int) -> String {
    var text = "0."
    for _ in 0..<digits { text += String(Int.random(in: 0...9)) }
    return text
}
let cases = [
    Case(name: "FP32, 4 digits", elementType: .float32, elements: (0..<count).map { _ in fixed(4) }),
    Case(
        name: "FP32, shortest", elementType: .float32,
        elements: (0..<count).map { _ in String(Float.random(in: -1...1)) }),
    Case(
        name: "FP32, spaced", elementType: .float32,
        elements: (0..<count).map { _ in String(Float.random(in: -1...1)) }, separator: ", "),
    Case(
        name: "FP32, 17 digits", elementType: .float32,
        elements: (0..<count).map { _ in String(Double.random(in: -1...1)) }),
    Case(
        name: "FP64, shortest", elementType: .float64,
        elements: (0..<count).map { _ in String(Double.random(in: -1...1)) }),
    Case(
        name: "UINT8, 0 to 255", elementType: .uint8,
        elements: (0..<count).map { _ in String(UInt8.random(in: 0...255)) }),
    Case(
        name: "INT64, 64 bits", elementType: .int64,
        elements: (0..<count).map { _ in String(Int64.random(in: .min ... .max)) }),
]

print(pad("case", 18), pad("bytes", 9), "decode MB/s", " encode MB/s")
for item in cases {
    let body = item.body
    if CommandLine.arguments.count > 1 {
        let name = item.name.filter { $0.isLetter || $0.isNumber } + ".json"
        try writeFile(body, to: CommandLine.arguments[1] + "/" + name)
    }
    let decoder = V2InferDecoder(endpoint: "m")
    let request = try body.withUnsafeBytes { try decoder.decode($0) }
    let decode = try bestRate(bytes: body.count) {
        let decoded = try body.withUnsafeBytes { try decoder.decode($0) }
        precondition(decoded.inference.inputs.count == 1)
    }
    let response = InferenceResponse(
        id: nil, endpoint: "m", version: 1, outputs: request.inference.inputs, timings: InferenceTimings())
    let written = try V2InferEncoder.encode(response, as: V2ReplyForm()).byteCount
    let encode = try bestRate(bytes: written) {
        let reply = try V2InferEncoder.encode(response, as: V2ReplyForm())
        precondition(reply.byteCount == written)
    }
    print(pad(item.name, 18), pad(String(body.count), 9), pad(String(Int(decode)), 12), Int(encode))
}
