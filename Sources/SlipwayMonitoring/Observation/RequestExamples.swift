// SPDX-License-Identifier: Apache-2.0

import SlipwayNumerics

/// Requests that show what a reading says: odd ones by column, and a sample of all with their numbers.
struct RequestExamples: Sendable {
    /// Of one reading.
    static let maximum = 5
    /// Sampled rows.
    static let sampled = 48

    /// Requests with a missing, new or extreme value, by column.
    private(set) var odd: [Int: [String]] = [:]
    /// Requests whose row was scored an outlier, the last ones.
    private(set) var outliers: [String] = []
    private let width: Int
    private var ids: [String?] = []
    /// A row of numbers for each id; columns that are no numbers are NaN.
    private var values: [Float] = []
    private var reservoir: Reservoir<Int>

    init(width: Int, seed: UInt64) {
        self.width = width
        reservoir = Reservoir(capacity: Self.sampled, seed: seed)
    }

    /// - Returns: Whether it was kept.
    mutating func note(_ id: String?, oddIn column: Int) -> Bool {
        guard let id, odd[column, default: []].count < Self.maximum, odd[column]?.last != id else { return false }
        odd[column, default: []].append(id)
        return true
    }

    mutating func noteOutlier(_ id: String?) {
        guard let id, outliers.last != id else { return }
        if outliers.count >= Self.maximum { outliers.removeFirst() }
        outliers.append(id)
    }

    /// Draws whether the next row is sampled, and where it goes.
    mutating func place() -> Int? { reservoir.place() }

    /// Keeps a row at a place drawn; `fill` writes its numbers into a row of NaN.
    mutating func put(_ id: String?, at place: Int, fill: (inout ArraySlice<Float>) -> Void) {
        reservoir.put(place, at: place)
        if place >= ids.count {
            ids.append(nil)
            values += [Float](repeating: .nan, count: width)
        }
        ids[place] = id
        let range = (place * width)..<((place + 1) * width)
        for index in range { values[index] = .nan }
        fill(&values[range])
    }

    /// Sampled requests that lie farthest on one side of a column.
    ///
    /// - Parameter isAbove: Whether the largest values are asked for.
    func extreme(of column: Int, isAbove: Bool) -> [String] {
        let found = ids.indices.compactMap { index -> (id: String, value: Float)? in
            let value = values[index * width + column]
            guard let id = ids[index], value == value else { return nil }
            return (id, value)
        }
        let sorted = found.sorted { isAbove ? $0.value > $1.value : $0.value < $1.value }
        var result: [String] = []
        for item in sorted where result.count < Self.maximum && !result.contains(item.id) { result.append(item.id) }
        return result
    }
}
