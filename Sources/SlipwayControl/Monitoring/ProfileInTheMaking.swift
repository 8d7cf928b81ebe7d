// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring
import Synchronization

/// A profile that rows are added to, on one thread at a time.
final class ProfileInTheMaking: Sendable {
    private let signature: ModelSignature
    private let names: [String: [String]]
    private let hasLabels: Bool
    private let builder = Mutex<(builder: ProfileBuilder, namesClasses: Bool)?>(nil)

    /// - Parameter names: Names of columns by tensor.
    init(_ signature: ModelSignature, names: [String: [String]], hasLabels: Bool) {
        self.signature = signature
        self.names = names
        self.hasLabels = hasLabels
    }

    /// - Parameter block: Whose first kept column is the truth, where there is one.
    /// - Throws: `ControlError` for a label that is no number where the model predicts numbers, `MonitoringError`.
    func add(_ block: any RowBlock, _ inputs: NamedTensors, _ outputs: NamedTensors) throws {
        let texts = hasLabels ? try (0..<block.count).map { Self.text(try block.kept($0, 0)) } : nil
        try builder.withLock { state in
            // What labels are is told by the first ones.
            var (builder, namesClasses) = state ?? begin(texts, outputs)
            let labels = try texts.map { try Self.labels($0, of: block, areClasses: namesClasses) }
            try builder.add(inputs: inputs, outputs: outputs, rows: block.count, labels: labels)
            state = (builder, namesClasses)
        }
    }

    /// - Throws: `ControlError` where there were no rows, `MonitoringError`.
    func finish(at now: Timestamp) throws -> ReferenceProfile {
        try builder.withLock { state in
            guard let made = state else {
                throw ControlError(.invalidRequest, "the data has no rows to make a profile of")
            }
            return try made.builder.finish(at: now)
        }
    }

    private func begin(_ texts: [String]?, _ outputs: NamedTensors) -> (ProfileBuilder, Bool) {
        var options = ProfileBuilder.Options()
        options.read(signature)
        options.names = names
        guard predictsNumber else { return (ProfileBuilder(options: options), true) }
        // One number for each row is a probability where the truth is 0 and 1 and no number lies outside.
        let isBinary = texts.map { $0.allSatisfy { ["0", "1", "true", "false"].contains(Self.className($0)) } }
        guard isBinary == true, outputs.allSatisfy(Self.isProbability) else {
            return (ProfileBuilder(options: options), false)
        }
        options.task = .classification
        return (ProfileBuilder(options: options), true)
    }

    private static func isProbability(_ output: NamedTensors.Element) -> Bool {
        let values = output.tensor.values(as: Float.self)?.map(Double.init) ?? output.tensor.values(as: Double.self)
        return values?.allSatisfy { (0...1).contains($0) } ?? false
    }

    /// Whether the outputs are one floating-point number for each row.
    private var predictsNumber: Bool {
        signature.outputs.allSatisfy { output in
            let isFloat = output.elementType == .float32 || output.elementType == .float64
            let isWide = output.shape?.dropFirst().contains { dimension in
                if case .fixed(1) = dimension { false } else { true }
            }
            return isFloat && isWide == false
        }
    }

    private static func labels(
        _ texts: [String], of block: any RowBlock, areClasses: Bool
    ) throws(ControlError) -> ProfileLabels {
        if areClasses { return .classes(texts.map(className)) }
        var numbers: [Double] = []
        for (row, text) in texts.enumerated() {
            guard let number = Double(text) else {
                let place = block.line(of: row).map { "line \($0)" } ?? "row \(block.firstRow + row)"
                throw ControlError(.invalidRequest, "the label in \(place) is no number")
            }
            numbers.append(number)
        }
        return .numbers(numbers)
    }

    private static func text(_ kept: KeptValue) -> String {
        switch kept {
        case .text(let text): return String(decoding: text, as: UTF8.self)
        case .json(let json):
            let text = String(decoding: json, as: UTF8.self)
            guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
            return String(text.dropFirst().dropLast())
        }
    }

    /// `1.0` is the class `1`: tables write whole numbers as they like.
    private static func className(_ text: String) -> String {
        guard let number = Double(text), let whole = Int(exactly: number) else { return text }
        return String(whole)
    }
}
