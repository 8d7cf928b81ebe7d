// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayWire
import Testing

@Suite("Numbers are written in the shortest form that reads back the same")
struct NumberPrintingTests {
    /// A decimal text as its digits, without zeros at either end, and the place of the point.
    private struct Decimal: Equatable {
        var digits: String
        var place: Int

        init(_ text: Substring) {
            let parts = text.split(separator: "e")
            let number = parts[0].drop { $0 == "-" }
            let halves = number.split(separator: ".", omittingEmptySubsequences: false)
            let all = halves.joined()
            let leading = all.prefix { $0 == "0" }.count
            place = halves[0].count - leading + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
            digits = String(all.dropFirst(leading))
            while digits.last == "0" { digits.removeLast() }
            if digits.isEmpty { place = 0 }
        }
    }

    private func texts(_ tensor: Tensor) throws -> [Substring] {
        let reply = try V2InferEncoder.encode(response(["x": tensor]), as: V2ReplyForm())
        let body = text(reply.body)
        let start = try #require(body.firstRange(of: "\"data\":[")).upperBound
        return body[start...].dropLast(4).split(separator: ",")
    }

    @Test("FP32 has the digits of Swift's own description, and comes back")
    func floats() throws {
        var random = TestRandom(state: 23)
        let numbers = (0..<50_000).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: random.next())) }
            .filter(\.isFinite)
        let written = try texts(Tensor(numbers, shape: [numbers.count]))
        let wrong = zip(numbers, written).filter { Decimal(Substring($0.description)) != Decimal($1) }
        #expect(wrong.isEmpty, "\(wrong.prefix(3))")
        #expect(try parse(written.map(String.init), as: Float.self).map(\.bitPattern) == numbers.map(\.bitPattern))
    }

    @Test("FP64 has the digits of Swift's own description, and comes back")
    func doubles() throws {
        var random = TestRandom(state: 29)
        let numbers = (0..<50_000).map { index in
            // Every third is of the size that models return.
            index % 3 == 0 ? Double.random(in: -100...100, using: &random) : Double(bitPattern: random.next())
        }.filter(\.isFinite)
        let written = try texts(Tensor(numbers, shape: [numbers.count]))
        let wrong = zip(numbers, written).filter { Decimal(Substring($0.description)) != Decimal($1) }
        #expect(wrong.isEmpty, "\(wrong.prefix(3))")
        #expect(try parse(written.map(String.init), as: Double.self).map(\.bitPattern) == numbers.map(\.bitPattern))
    }

    @Test("powers of two and of ten, where intervals are uneven or ties occur")
    func powers() throws {
        let numbers =
            (-1074...1023).map { Double(sign: .plus, exponent: $0, significand: 1) }
            + (-323...308).compactMap { Double("1e\($0)") } + (0...62).map { Double(1 << $0 as Int64) - 1 }
        let written = try texts(Tensor(numbers, shape: [numbers.count]))
        let wrong = zip(numbers, written).filter { Decimal(Substring($0.description)) != Decimal($1) }
        #expect(wrong.isEmpty, "\(wrong.prefix(3))")
    }

    @Test("FP16 comes out as Swift describes it, for all its values")
    func halves() throws {
        let numbers = (0...UInt16.max).map { Float16(bitPattern: $0) }.filter(\.isFinite)
        let tensor = try Tensor(numbers, shape: [numbers.count])
        let body = text(try PlainEncoder.encode(response(["x": tensor]), style: .data))
        let written = body.dropFirst().dropLast().split(separator: ",")
        let wrong = zip(numbers, written).filter { Decimal(Substring($0.description)) != Decimal($1) }
        #expect(written.count == numbers.count)
        #expect(wrong.isEmpty, "\(wrong.prefix(3))")
    }
}
