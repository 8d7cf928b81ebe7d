// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Rules about how versions are run: numbers in their ranges, and none that contradicts another.
extension EndpointCheck {
    static func executionProblems(_ spec: EndpointSpec) -> [SpecProblem] {
        var problems: [SpecProblem] = []
        if let instances = spec.instances, !(1...1024).contains(instances) {
            problems.append(SpecProblem("instances", "is \(instances), expected 1 to 1024"))
        }
        for (path, name) in [("engine", spec.engine), ("device", spec.device)] {
            if let name, !(1...64).contains(name.utf8.count) {
                problems.append(SpecProblem(path, "is not a name: expected 1 to 64 bytes"))
            }
        }
        problems += numbers(spec) + contradictions(spec)
        return problems
    }

    /// Of requests and rows: sums and products of such numbers stay far inside an Int.
    static let mostCount = 1_000_000_000
    /// A pebibyte.
    private static let mostBytes = 1 << 50

    private static func numbers(_ spec: EndpointSpec) -> [SpecProblem] {
        let (batching, limits) = (spec.batching, spec.limits)
        let quotas = [("limits.quota", limits.quota), ("limits.clientQuota", limits.clientQuota)]
        var counts: [(String, Int?, most: Int)] = [
            ("batching.maximumRows", batching.maximumRows, mostCount), ("limits.requests", limits.requests, mostCount),
            ("limits.rows", limits.rows, mostCount), ("limits.bytes", limits.bytes, mostBytes),
            ("cacheBytes", spec.cacheBytes, mostBytes),
        ]
        for (path, quota) in quotas {
            counts += [
                ("\(path).requestsPerMinute", quota?.requestsPerMinute, mostCount),
                ("\(path).rowsPerMinute", quota?.rowsPerMinute, mostCount),
                ("\(path).tokensPerMinute", quota?.tokensPerMinute, mostCount),
            ]
        }
        var problems = counts.compactMap { path, value, most in
            value.flatMap { (1...most).contains($0) ? nil : SpecProblem(path, "is \($0), expected 1 to \(most)") }
        }
        let month = 31 * 86_400_000.0
        let times: [(String, Double?, most: Double, isPositive: Bool)] = [
            ("batching.maximumDelayMs", batching.maximumDelayMs, month, false),
            ("batching.latencyTargetMs", batching.latencyTargetMs, month, true),
            ("limits.waitMs", limits.waitMs, month, false), ("limits.deadlineMs", limits.deadlineMs, month, true),
            ("limits.callMs", limits.callMs, month, true),
            ("lifecycle.idleUnloadSeconds", spec.lifecycle.idleUnloadSeconds, longestSeconds, true),
            ("lifecycle.rollbackWindowSeconds", spec.lifecycle.rollbackWindowSeconds, longestSeconds, false),
        ]
        for (path, value, most, isPositive) in times {
            guard let value else { continue }
            if !(value >= 0 && value <= most) || isPositive && value == 0 {
                let least = isPositive ? "more than 0" : "0 or more"
                problems.append(
                    SpecProblem(path, "is \(value), expected \(least) and \(UnitText.number(most)) at most"))
            }
        }
        return problems
    }

    private static func contradictions(_ spec: EndpointSpec) -> [SpecProblem] {
        let (batching, limits, lifecycle) = (spec.batching, spec.limits, spec.lifecycle)
        var problems = preferredProblems(batching)
        if let delay = batching.maximumDelayMs, let target = batching.latencyTargetMs, delay > target {
            problems.append(
                SpecProblem(
                    "batching.maximumDelayMs",
                    "is \(UnitText.time(milliseconds: delay)), above the latency target of "
                        + UnitText.time(milliseconds: target)))
        }
        if let rows = limits.rows, let most = batching.maximumRows, rows < most {
            problems.append(
                SpecProblem("limits.rows", "is \(rows), below the \(most) rows that one call may have"))
        }
        if let deadline = limits.deadlineMs, let delay = batching.maximumDelayMs, deadline <= delay {
            problems.append(
                SpecProblem(
                    "limits.deadlineMs", "is no longer than requests may wait for one another, so none would be in time"
                ))
        }
        if lifecycle.policy == .resource, let window = lifecycle.rollbackWindowSeconds, window > 0 {
            problems.append(
                SpecProblem(
                    "lifecycle.rollbackWindowSeconds",
                    "keeps the old version in memory, which the policy 'resource' is to free: leave one of them out"))
        }
        if lifecycle.isPinned == true, lifecycle.idleUnloadSeconds != nil {
            problems.append(
                SpecProblem("lifecycle.idleUnloadSeconds", "unloads a version that is pinned: leave one of them out"))
        }
        return problems
    }

    private static func preferredProblems(_ batching: BatchingSpec) -> [SpecProblem] {
        guard let sizes = batching.preferredRows else { return [] }
        let path = "batching.preferredRows"
        if let bad = sizes.first(where: { !(1...mostCount).contains($0) }) {
            return [SpecProblem(path, "has \(bad), expected 1 to \(mostCount)")]
        }
        if zip(sizes, sizes.dropFirst()).contains(where: { $0 >= $1 }) {
            return [SpecProblem(path, "is \(sizes), expected sizes in ascending order")]
        }
        if let most = batching.maximumRows, let last = sizes.last, last > most {
            return [SpecProblem(path, "has \(last), above the \(most) rows that one call may have")]
        }
        return []
    }
}
