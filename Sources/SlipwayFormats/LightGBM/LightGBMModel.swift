// SPDX-License-Identifier: Apache-2.0

/// A model of LightGBM, as its text describes it.
public struct LightGBMModel: Sendable {
    /// What counts as a missing value at a split.
    public enum Missing: Int, Sendable {
        /// Nothing; NaN is taken as zero.
        case none = 0
        /// Zero, and NaN with it.
        case zero = 1
        case nan = 2
    }

    /// A tree; children below zero are leaves, -1 the first.
    public struct Tree: Sendable {
        public var leafCount = 0
        public var features: [Int] = []
        /// Left where `x <= threshold`; for a split on categories, the index of its set.
        public var thresholds: [Double] = []
        public var decisions: [Int] = []
        public var left: [Int] = []
        public var right: [Int] = []
        public var leafValues: [Double] = []
        /// Where each set begins in ``categoryWords``, and the end of the last.
        public var categoryBounds: [Int] = []
        /// Bits of the categories that go left, 32 a word.
        public var categoryWords: [UInt32] = []
        public var isLinear = false

        public init() {}

        public func isCategorical(_ node: Int) -> Bool { decisions[node] & 1 != 0 }
        public func defaultsLeft(_ node: Int) -> Bool { decisions[node] & 2 != 0 }
        public func missing(_ node: Int) -> Missing? { Missing(rawValue: decisions[node] >> 2 & 3) }

        /// Where the set of a split lies in ``categoryWords``.
        func categoryRange(_ node: Int) -> Range<Int>? {
            guard let set = Int(exactly: thresholds[node]), set >= 0, set < categoryBounds.count - 1 else { return nil }
            let (start, end) = (categoryBounds[set], categoryBounds[set + 1])
            return start >= 0 && start <= end && end <= categoryWords.count ? start..<end : nil
        }

        /// The categories of a split that go left; `nil` where there is no such set.
        public func categories(_ node: Int) -> [Int]? {
            guard let range = categoryRange(node) else { return nil }
            var result: [Int] = []
            for (offset, word) in categoryWords[range].enumerated() where word != 0 {
                for bit in 0..<32 where word >> UInt32(bit) & 1 != 0 { result.append(offset * 32 + bit) }
            }
            return result
        }
    }

    /// `v4`.
    public var version = ""
    public var classCount = 1
    public var treesPerIteration = 1
    public var featureCount = 0
    /// The objective's name and its parameters: `binary`, `sigmoid:1`. Empty for one of the user's own.
    public var objective: [String] = []
    /// Whether trees are averaged: random forests.
    public var isAveraged = false
    public var featureNames: [String] = []
    public var trees: [Tree] = []
    /// Whether the model was fitted with columns of pandas' categories, whose codes it wants.
    public var hasPandasCategories = false

    public init() {}

    /// A parameter of the objective: `1` for `sigmoid:1`.
    public func parameter(_ name: String) -> Double? {
        objective.dropFirst().first { $0.hasPrefix(name + ":") }.flatMap { Double($0.dropFirst(name.count + 1)) }
    }
}
