// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire

/// Decodes and encodes one image-sized request, 150,528 floats, again and again, and prints megabytes of JSON a second.
@main
enum CodecBenchmark {
    static let floats = 150_528
    static let rounds = 7
    static let callsPerRound = 40

    static func main() throws {
        for (label, values) in [("random [0, 1)", fractions()), ("pixels 0 to 255", pixels())] {
            try measure(label, values)
        }
    }

    private static func measure(_ label: String, _ values: [Float]) throws {
        let request = json(values)
        let decoder = V2InferDecoder(endpoint: "m")
        let decoding = try bestSeconds {
            _ = try request.withUnsafeBytes { try decoder.decode($0) }
        }
        let response = InferenceResponse(
            id: nil, endpoint: "m", version: 1,
            outputs: ["y": try Tensor(values, shape: [1, floats])], timings: InferenceTimings())
        let form = V2ReplyForm()
        let replyBytes = try V2InferEncoder.encode(response, as: form).byteCount
        let encoding = try bestSeconds { _ = try V2InferEncoder.encode(response, as: form) }
        print("V2 JSON, \(floats) floats, \(label):")
        print("  decode \(rate(request.count, decoding)) of \(request.count) bytes")
        print("  encode \(rate(replyBytes, encoding)) of \(replyBytes) bytes")
    }

    /// Seconds of one call, in the best of several rounds: other work on the machine can only add.
    private static func bestSeconds(_ call: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        var best = Double.infinity
        for _ in 0..<rounds {
            let elapsed = try clock.measure { for _ in 0..<callsPerRound { try call() } }
            best = min(best, (elapsed / .seconds(1)) / Double(callsPerRound))
        }
        return best
    }

    private static func rate(_ bytes: Int, _ seconds: Double) -> String {
        "\(Int(Double(bytes) / seconds / 1e6)) MB/s"
    }

    private static func fractions() -> [Float] {
        var state: UInt64 = 7
        return (0..<floats).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(state >> 40) / Float(1 << 24)
        }
    }

    private static func pixels() -> [Float] { (0..<floats).map { Float($0 % 256) } }

    private static func json(_ values: [Float]) -> [UInt8] {
        let data = values.map(\.description).joined(separator: ",")
        let head = #"{"inputs":[{"name":"x","shape":[1,\#(floats)],"datatype":"FP32","data":["#
        return Array((head + data + "]}]}").utf8)
    }
}
