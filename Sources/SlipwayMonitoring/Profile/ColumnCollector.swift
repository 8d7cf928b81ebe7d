// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// What a profile counts of all rows of a column.
struct ColumnCollector: Sendable {
    private var missing = 0
    private var least = Double.infinity
    private var greatest = -Double.infinity
    private var atLeast = 0
    private var atGreatest = 0
    private var values = 0
    private var moments = Welford()

    @inline(__always)
    mutating func add(_ x: Double) {
        guard x == x else {
            missing += 1
            return
        }
        values += 1
        moments.add(x)
        if x < least {
            least = x
            atLeast = 0
        }
        if x > greatest {
            greatest = x
            atGreatest = 0
        }
        if x == least { atLeast += 1 }
        if x == greatest { atGreatest += 1 }
    }

    func describe(_ column: inout ColumnProfile) {
        column.count = values
        column.missing = missing
        guard values > 0 else { return }
        column.saturated = least == greatest ? values : atLeast + atGreatest
        // Infinities have no place in JSON; what is finite bounds the rest.
        column.minimum = max(least, -Double.greatestFiniteMagnitude)
        column.maximum = min(greatest, Double.greatestFiniteMagnitude)
        guard moments.count > 0 else { return }
        column.mean = moments.mean
        column.standardDeviation = moments.standardDeviation
    }
}

extension ColumnProfile {
    /// An output of whole numbers with more different values is a number.
    private static let maximumClasses = 100

    /// Edges at the quantiles of a sample, and the sample counted on them.
    mutating func setNumbers(_ sample: [Double]) {
        let sorted = sample.filter { $0 == $0 }.sorted()
        var counts = EdgeCounts(edges: EdgeCounts.quantileEdges(of: sorted))
        sorted.withUnsafeBufferPointer { counts.add($0) }
        self.counts = counts
        if kind == .numeric {
            distinct = zip(sorted, sorted.dropFirst()).reduce(sorted.isEmpty ? 0 : 1) { $0 + ($1.0 == $1.1 ? 0 : 1) }
        }
    }

    /// Makes a column of whole numbers one of categories where it has few different ones.
    mutating func setClasses(_ sample: [Double], of type: ElementType) {
        var found: [String: Int] = [:]
        for value in sample where value == value {
            found[Self.className(value), default: 0] += 1
            guard found.count <= Self.maximumClasses else { return }
        }
        guard !found.isEmpty else { return }
        kind = .categorical
        counts = nil
        categories = found
        distinct = Double(found.count)
    }

    mutating func setCategories(_ all: [String: Int]) {
        let sorted = all.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        categories = Dictionary(
            uniqueKeysWithValues: sorted.prefix(TextCollector.maximumCategories).map { ($0.key, $0.value) })
        otherCategories = sorted.dropFirst(TextCollector.maximumCategories).reduce(0) { $0 + $1.value }
    }

    /// A whole number as the name of a class: `3`.
    static func className(_ value: Double) -> String { Int64(exactly: value).map(String.init) ?? String(value) }
}
