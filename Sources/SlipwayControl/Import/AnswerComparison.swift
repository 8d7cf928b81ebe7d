// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Compares a model's answers with what was expected: scores within a tolerance, everything else exactly.
struct AnswerComparison {
    /// Mismatches that a message tells.
    private static let told = 3

    let tolerance: Double
    private(set) var largestDifference: Double?
    private var mismatches: [String] = []
    private var mismatchCount = 0

    init(tolerance: Double) { self.tolerance = tolerance }

    /// Compares one column for some rows.
    ///
    /// - Parameters:
    ///   - answer: The output's values for these rows.
    ///   - firstRow: The first row's number in the samples, from 0.
    mutating func compare(
        _ answer: Tensor, with expected: Tensor, of column: ExpectedAnswers.Column, rows: Int, firstRow: Int
    ) throws {
        guard rows > 0 else { return }
        let (given, wanted) = (try Values(answer), try Values(expected))
        let (width, count) = (answer.count / rows, expected.count / rows)
        guard width * rows == answer.count, count * rows == expected.count, column.offset + count <= width else {
            throw ControlError(
                .unexpectedAnswer,
                "output '\(column.name)' has \(width) values a row, and \(count) are expected")
        }
        guard count == width || count == 1 else {
            throw ControlError(
                .unexpectedAnswer, "output '\(column.name)' has \(width) values a row, expected are \(count)")
        }
        for row in 0..<rows {
            for value in 0..<count {
                check(given, row * width + column.offset + value, wanted, row * count + value) {
                    "row \(firstRow + row): '\(column.name)'"
                }
            }
        }
    }

    /// Compares an output as a whole, its shape too.
    ///
    /// - Parameter set: Where the expected values are from, for messages.
    mutating func compare(_ answer: Tensor, with expected: Tensor, of output: String, in set: String) throws {
        guard answer.shape == expected.shape else {
            throw ControlError(
                .unexpectedAnswer,
                "\(set): output '\(output)' has the shape \(answer.shape), expected \(expected.shape)")
        }
        let (given, wanted) = (try Values(answer), try Values(expected))
        for index in 0..<answer.count {
            check(given, index, wanted, index) { "\(set): value \(index) of '\(output)'" }
        }
    }

    /// - Parameter name: What a message calls the value.
    private mutating func check(
        _ given: Values, _ index: Int, _ wanted: Values, _ place: Int, name: () -> String
    ) {
        let isSame: Bool
        if case .numbers(let answers) = given, case .numbers(let expected) = wanted {
            let (answer, goal) = (answers[index], expected[place])
            let difference = abs(answer - goal)
            if difference.isFinite { largestDifference = max(largestDifference ?? 0, difference) }
            // Values far from 1 are held to as many digits.
            isSame =
                answer == goal || answer.isNaN && goal.isNaN || difference <= tolerance * max(1, abs(goal))
        } else {
            isSame = given.text(index) == wanted.text(place)
        }
        guard !isSame else { return }
        mismatchCount += 1
        guard mismatches.count < Self.told else { return }
        mismatches.append("\(name()) is \(given.text(index)), expected \(wanted.text(place))")
    }

    /// - Throws: ``ControlError`` `unexpectedAnswer` naming rows and values, unless everything was the same.
    func requireSame() throws(ControlError) {
        guard mismatchCount > 0 else { return }
        let more = mismatchCount > mismatches.count ? " and \(mismatchCount - mismatches.count) more values" : ""
        throw ControlError(
            .unexpectedAnswer,
            "the model does not answer the samples as expected: \(mismatches.joined(separator: "; "))\(more) "
                + "(tolerance \(tolerance))")
    }

    /// A tensor's elements in a form to compare.
    private enum Values {
        case numbers([Double])
        case whole([Int64])
        case texts([String])

        init(_ tensor: Tensor) throws {
            switch tensor.elementType {
            case .float16, .bfloat16, .float32, .float64:
                let spec = TensorSpec(name: "answer", elementType: .float64, shape: nil)
                self = .numbers(try TensorFit.fit(tensor, to: spec).values(as: Double.self) ?? [])
            case .bytes:
                var texts: [String] = []
                tensor.forEachBytes { texts.append(String(decoding: $0, as: UTF8.self)) }
                self = .texts(texts)
            default:
                let spec = TensorSpec(name: "answer", elementType: .int64, shape: nil)
                self = .whole(try TensorFit.fit(tensor, to: spec).values(as: Int64.self) ?? [])
            }
        }

        func text(_ index: Int) -> String {
            switch self {
            case .numbers(let values): "\(values[index])"
            case .whole(let values): "\(values[index])"
            case .texts(let values): "'\(values[index].prefix(60))'"
            }
        }
    }
}
