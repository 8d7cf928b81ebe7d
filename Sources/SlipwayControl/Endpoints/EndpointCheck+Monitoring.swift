// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayMonitoring

/// Rules about how an endpoint is watched.
extension EndpointCheck {
    func monitoringProblems(_ spec: EndpointSpec) -> [SpecProblem] {
        let monitoring = spec.monitoring
        var problems = Self.monitoringNumbers(monitoring) + captureProblems(spec)
        if let output = monitoring.scoreOutput, let signature = signatures[spec.primary],
            !languageVersions.contains(spec.primary)
        {
            let known = signature.outputs.map(\.name)
            if !known.contains(output) {
                problems.append(
                    SpecProblem(
                        "monitoring.scoreOutput",
                        "there is no output '\(output)'" + NearestWord.hint(output, among: known)))
            }
        }
        let check = RuleCheck(columns: columnNames(spec), receivers: receivers)
        problems += check.problems(in: monitoring).map { problem in
            let hint = problem.word.map { NearestWord.hint($0, among: Array(problem.known.prefix(100))) } ?? ""
            return SpecProblem("monitoring.\(problem.path)", problem.message + hint)
        }
        for (index, one) in monitoring.guards.enumerated() {
            guard let fallback = one.fallback, one.action == .fallback else { continue }
            let path = "monitoring.guards[\(index)].fallback"
            guard let signature = signatures[fallback] else {
                problems.append(SpecProblem(path, "there is no version \(fallback)"))
                continue
            }
            guard let primary = signatures[spec.primary], !allowsSignatureChange else { continue }
            let differences = SignatureCompatibility(from: primary, to: signature).differences
            if !differences.isEmpty {
                problems.append(
                    SpecProblem(
                        path,
                        "\(fallback) does not fit callers of \(spec.primary): "
                            + differences.joined(separator: ", "), isSignatureChange: true))
            }
        }
        return problems
    }

    private static func monitoringNumbers(_ spec: MonitoringSpec) -> [SpecProblem] {
        let counts: [(String, Int?, ClosedRange<Int>)] = [
            ("buckets", spec.buckets, 1...60), ("bucketRows", spec.bucketRows, 1...mostCount),
            ("sampledRows", spec.sampledRows, 1...1_000_000), ("labelBudgetBytes", spec.labelBudgetBytes, 1...1 << 40),
        ]
        var problems = counts.compactMap { member, value, range in
            value.flatMap { value in
                range.contains(value)
                    ? nil
                    : SpecProblem(
                        "monitoring.\(member)", "is \(value), expected \(range.lowerBound) to \(range.upperBound)")
            }
        }
        let times: [(String, Double?, ClosedRange<Double>)] = [
            ("windowSeconds", spec.windowSeconds, 1...31 * 86_400),
            ("labelWindowSeconds", spec.labelWindowSeconds, 1...longestSeconds),
            ("capture.maximumAgeSeconds", spec.capture?.maximumAgeSeconds, 60...10 * longestSeconds),
        ]
        for (member, value, range) in times {
            guard let value, !range.contains(value) else { continue }
            let most = UnitText.time(milliseconds: range.upperBound * 1000)
            problems.append(
                SpecProblem(
                    "monitoring.\(member)",
                    "is \(value) seconds, expected \(UnitText.number(range.lowerBound))s to \(most)"))
        }
        return problems
    }

    private func captureProblems(_ spec: EndpointSpec) -> [SpecProblem] {
        guard let capture = spec.monitoring.capture else { return [] }
        var problems: [SpecProblem] = []
        if capture.rate == .none {
            problems.append(SpecProblem("monitoring.capture.rate", "captures nothing: leave 'capture' out"))
        }
        if let bytes = capture.maximumBytes, !(1 << 20...1 << 50).contains(bytes) {
            problems.append(
                SpecProblem("monitoring.capture.maximumBytes", "is \(bytes), expected 1MiB to 1024TiB"))
        }
        if let compression = capture.compression, !["lz4", "zstd", "none"].contains(compression) {
            problems.append(
                SpecProblem(
                    "monitoring.capture.compression", "is '\(compression.prefix(64))', expected lz4, zstd or none"))
        }
        if capture.redacted.count > Self.maximumEntries {
            problems.append(
                SpecProblem(
                    "monitoring.capture.redacted",
                    "has \(capture.redacted.count) entries, expected \(Self.maximumEntries) at most"))
        }
        return problems
    }

    /// What rules may be about: the columns of profiles, of versions without one the names that a profile would give.
    private func columnNames(_ spec: EndpointSpec) -> [String]? {
        guard let columns, !languageVersions.contains(spec.primary) else { return nil }
        var names: Set<String> = []
        for version in spec.versions {
            if let profiled = columns[version] {
                names.formUnion(profiled)
                continue
            }
            guard let signature = signatures[version] else { return nil }
            for tensor in signature.inputs + signature.outputs {
                guard let unprofiled = Self.columnNames(of: tensor) else { return nil }
                names.formUnion(unprofiled)
            }
        }
        return names.sorted()
    }

    /// `nil` when the number of columns is open.
    private static func columnNames(of tensor: TensorSpec) -> [String]? {
        guard tensor.form == .tensor, let shape = tensor.shape else { return nil }
        guard shape.count > 1 else { return [tensor.name] }
        guard shape.count == 2, case .fixed(let width) = shape[1] else { return nil }
        // Wider ones are summed up.
        guard width <= 256 else {
            return [tensor.name] + ["norm", "mean", "deviation", "length"].map { "\(tensor.name).\($0)" }
        }
        return [tensor.name] + (0..<max(0, width)).map { "\(tensor.name)[\($0)]" }
    }
}
