// SPDX-License-Identifier: Apache-2.0

/// How often each class was predicted for each true class; merges by addition.
///
/// Precision, recall and F1 are 0 where their denominator is (scikit-learn's `zero_division=0`).
package struct ConfusionMatrix: Sendable, Hashable, Codable {
    /// How the classes' values become one.
    package enum Average: Sendable, Hashable {
        /// Of one class alone.
        case binary(positive: Int = 1)
        /// The plain mean over the classes that were true or predicted at least once.
        case macro
        /// Of the pooled counts; equal to accuracy.
        case micro
        /// The mean weighted by how often each class is true.
        case weighted
    }

    package let classes: Int
    /// `counts[truth * classes + predicted]`.
    package private(set) var counts: [Double]

    /// - Parameter classes: 0 to 1,000; larger numbers are cut.
    package init(classes: Int) {
        self.classes = min(max(classes, 0), 1000)
        counts = [Double](repeating: 0, count: self.classes * self.classes)
    }

    private enum CodingKeys: String, CodingKey { case classes, counts }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        classes = try container.decode(Int.self, forKey: .classes)
        counts = try container.decode([Double].self, forKey: .counts)
        guard (0...1000).contains(classes), counts.count == classes * classes,
            counts.allSatisfy({ $0 >= 0 && $0.isFinite })
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .counts, in: container, debugDescription: "a matrix has classes squared counts, none negative")
        }
    }

    /// Counts one row; classes outside are left out and told by `false`.
    @discardableResult
    package mutating func add(truth: Int, predicted: Int, weight: Double = 1) -> Bool {
        guard (0..<classes).contains(truth), (0..<classes).contains(predicted), weight >= 0 else { return false }
        counts[truth * classes + predicted] += weight
        return true
    }

    /// Adds counts of as many classes; others are left out and told by `false`.
    @discardableResult
    package mutating func merge(_ other: ConfusionMatrix) -> Bool {
        guard classes == other.classes else { return false }
        for index in counts.indices { counts[index] += other.counts[index] }
        return true
    }

    package func count(truth: Int, predicted: Int) -> Double { counts[truth * classes + predicted] }
    package var total: Double { counts.reduce(0, +) }
    /// How often the class was true.
    package func support(_ index: Int) -> Double { (0..<classes).reduce(0) { $0 + count(truth: index, predicted: $1) } }
    /// How often the class was predicted.
    package func predictions(_ index: Int) -> Double {
        (0..<classes).reduce(0) { $0 + count(truth: $1, predicted: index) }
    }

    /// The share of right predictions; 0 when empty.
    package var accuracy: Double { ratio((0..<classes).reduce(0) { $0 + hits($1) }, total) }
    /// Of what was predicted as a class, the share that is.
    package func precision(_ average: Average) -> Double {
        averaged(average) { ratio(hits($0), predictions($0)) }
    }
    /// Of what is a class, the share that was predicted so.
    package func recall(_ average: Average) -> Double {
        averaged(average) { ratio(hits($0), support($0)) }
    }
    /// The harmonic mean of precision and recall, of each class before averaging.
    package func f1(_ average: Average) -> Double {
        averaged(average) { ratio(2 * hits($0), support($0) + predictions($0)) }
    }

    private func hits(_ index: Int) -> Double { count(truth: index, predicted: index) }

    private func ratio(_ a: Double, _ b: Double) -> Double { b > 0 ? a / b : 0 }

    private func averaged(_ average: Average, _ value: (Int) -> Double) -> Double {
        switch average {
        case .binary(let positive):
            return (0..<classes).contains(positive) ? value(positive) : 0
        case .micro:
            return accuracy
        case .macro:
            let present = (0..<classes).filter { support($0) + predictions($0) > 0 }
            return ratio(present.reduce(0) { $0 + value($1) }, Double(present.count))
        case .weighted:
            return ratio((0..<classes).reduce(0) { $0 + support($1) * value($1) }, total)
        }
    }
}
