// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayNumerics

/// A request to be asked once more, to see whether the answer is the same.
package struct NoiseProbe: Sendable {
    package enum Kind: String, Sendable, Hashable {
        /// The same inputs.
        case repeated
        /// Numeric features moved by a hundredth of their deviation in the reference.
        case perturbed
    }

    package let kind: Kind
    package let inputs: NamedTensors
    /// The first answer.
    package let outputs: NamedTensors
    package let endpoint: String
    package let version: VersionID
    package let requestID: String?
}

/// Decides which requests are asked again.
///
/// At most one in ``every`` requests and one in ``interval``, so that probing costs at most a thousandth of the work;
/// large requests are left alone.
package struct NoisePlanner: Sendable {
    /// Probes are one of so many requests at most.
    package static let every = 1000
    package static let interval: Duration = .seconds(1)
    /// Bytes of inputs that are repeated.
    package static let maximumBytes = 1 << 20
    /// Of a feature's deviation.
    package static let step = 0.01

    private var seen = 0
    private var lastAt: Timestamp?
    private var count = 0
    private var random: SplitMix64

    package init(seed: UInt64 = 1) { random = SplitMix64(seed: seed) }

    /// A probe where this request is to be asked again; every second one is perturbed where the profile has numeric
    /// features of floating-point numbers.
    package mutating func pick(
        _ prediction: PackedPrediction, profile: @autoclosure () -> ReferenceProfile?
    ) -> NoiseProbe? {
        seen += 1
        guard seen >= Self.every, prediction.route == .primary || prediction.route == .canary,
            prediction.inputBytes <= Self.maximumBytes
        else { return nil }
        let at = prediction.at
        if let lastAt, abs(at.milliseconds - lastAt.milliseconds) < Self.interval.milliseconds { return nil }
        lastAt = at
        seen = 0
        count += 1
        let asked = prediction.observation()
        let moved = count % 2 == 0 ? perturbed(asked.inputs, rows: asked.rows, profile()) : nil
        return NoiseProbe(
            kind: moved == nil ? .repeated : .perturbed, inputs: moved ?? asked.inputs, outputs: asked.outputs,
            endpoint: asked.endpoint, version: asked.version, requestID: asked.requestID)
    }

    /// The inputs with their numbers moved up or down a little; `nil` where there is nothing to move.
    private mutating func perturbed(
        _ inputs: NamedTensors, rows: Int, _ profile: ReferenceProfile?
    ) -> NamedTensors? {
        guard let profile else { return nil }
        var result = NamedTensors()
        var isMoved = false
        for element in inputs {
            let columns = profile.features.filter { $0.tensor == element.name && $0.kind == .numeric && $0.column >= 0 }
            let moved = moved(element.tensor, rows: rows, columns)
            if moved != nil { isMoved = true }
            result.append(moved ?? element.tensor, named: element.name)
        }
        return isMoved ? result : nil
    }

    private mutating func moved(_ tensor: Tensor, rows: Int, _ columns: [ColumnProfile]) -> Tensor? {
        guard !columns.isEmpty, rows > 0, tensor.count % rows == 0 else { return nil }
        let width = tensor.count / rows
        guard columns.allSatisfy({ $0.column < width }) else { return nil }
        if var values = tensor.values(as: Float.self) {
            move(columns, rows: rows) { row, column, step in values[row * width + column] += Float(step) }
            return try? Tensor(values, shape: tensor.shape)
        }
        guard var values = tensor.values(as: Double.self) else { return nil }
        move(columns, rows: rows) { row, column, step in values[row * width + column] += step }
        return try? Tensor(values, shape: tensor.shape)
    }

    private mutating func move(_ columns: [ColumnProfile], rows: Int, _ body: (Int, Int, Double) -> Void) {
        for row in 0..<rows {
            for column in columns {
                // Whole numbers of categories in disguise would leave their values: only what varies freely moves.
                guard let deviation = column.standardDeviation, deviation > 0, column.distinct > 20 else { continue }
                body(row, column.column, (random.next() & 1 == 0 ? 1 : -1) * deviation * Self.step)
            }
        }
    }
}

/// How two answers to one question differ.
package struct NoiseReading: Sendable, Hashable {
    package let kind: NoiseProbe.Kind
    /// Mean over the outputs' numbers of `((a - b) / deviation)^2 / 2`, the variance of one answer in squared reference
    /// deviations.
    package let variance: Double
    package let isOtherClass: Bool
    package let requestID: String?

    /// Compares the answer to a probe with the first one; `nil` where they have no numbers in common.
    ///
    /// - Parameter profile: Without it, or for outputs that never varied, a deviation is 1.
    package init?(_ probe: NoiseProbe, answer: NamedTensors, profile: ReferenceProfile?) {
        var sum = 0.0
        var count = 0
        var isOther = false
        for element in probe.outputs {
            guard let second = answer[element.name], second.count == element.tensor.count,
                let a = ElementReader(element.tensor), let b = ElementReader(second)
            else { continue }
            let columns = profile?.outputs.filter { $0.tensor == element.name && $0.column >= 0 } ?? []
            let width = max(1, columns.count)
            for index in 0..<a.count {
                let column = index % width < columns.count ? columns[index % width] : nil
                if column?.kind == .categorical || a.isInteger {
                    if a[index] != b[index] { isOther = true }
                    continue
                }
                let scale = column?.standardDeviation.flatMap { $0 > 0 ? $0 : nil } ?? 1
                let difference = (a[index] - b[index]) / scale
                // Two NaN are the same answer; one of them is as far as can be.
                if a[index].isNaN && b[index].isNaN { continue }
                sum += difference.isFinite ? min(difference * difference, 1e12) / 2 : 1e12
                count += 1
            }
        }
        guard count > 0 || isOther else { return nil }
        kind = probe.kind
        variance = count > 0 ? sum / Double(count) : 0
        isOtherClass = isOther
        requestID = probe.requestID
    }
}

/// The last probes of a version.
struct NoiseTally: Sendable {
    /// Probes remembered.
    private static let capacity = 200
    private var last: [NoiseReading] = []

    mutating func add(_ reading: NoiseReading) {
        if last.count >= Self.capacity { last.removeFirst() }
        last.append(reading)
    }

    /// Of repeated requests; where only perturbed ones were asked, of these.
    var reading: SignalReading? {
        let repeated = last.filter { $0.kind == .repeated }
        let shown = repeated.isEmpty ? last : repeated
        guard !shown.isEmpty else { return nil }
        let value = (shown.reduce(0) { $0 + $1.variance } / Double(shown.count)).squareRoot()
        let perturbed = last.filter { $0.kind == .perturbed }
        let others = shown.count(where: \.isOtherClass)
        var text = "\(others) of \(shown.count) \(shown[0].kind.rawValue) requests got another class"
        if !repeated.isEmpty, !perturbed.isEmpty {
            let moved = (perturbed.reduce(0) { $0 + $1.variance } / Double(perturbed.count)).squareRoot()
            text +=
                "; \(AlertText.number(moved)) where features moved by \(AlertText.number(NoisePlanner.step)) deviations"
        }
        let worst = shown.filter { $0.variance > 0 || $0.isOtherClass }.sorted { $0.variance > $1.variance }
        return SignalReading(
            value: value, samples: shown.count,
            method: "deviation of an answer to \(shown[0].kind.rawValue) requests, in reference deviations; "
                + "last \(Self.capacity) probes",
            explanation: text, examples: worst.prefix(RequestExamples.maximum).compactMap(\.requestID))
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
