// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// Versions by small numbers, for records that are too many to name theirs, and what is counted of each.
struct VersionTable: Sendable {
    /// Of a version that found no place; its records tell it themselves.
    static let none = UInt16.max
    private static let maximumCount = 64

    private var rows: [(version: VersionID, records: Int, unlabelled: Int)] = []
    /// The sum of what ``noteUnlabelled(_:)`` noted.
    private(set) var unlabelled = 0

    /// Whether a record's number is that of another version; `nil` where only the record itself tells.
    func differs(_ number: UInt16, from version: VersionID) -> Bool? {
        number == Self.none ? nil : rows[Int(number)].version != version
    }

    /// The number for one more record of a version; rows that nothing is known of any longer are taken for others.
    mutating func addRecord(_ version: VersionID) -> UInt16 {
        if let known = rows.firstIndex(where: { $0.version == version }) {
            rows[known].records += 1
            return UInt16(known)
        }
        if let free = rows.firstIndex(where: { $0.records == 0 && $0.unlabelled == 0 }) {
            rows[free] = (version, 1, 0)
            return UInt16(free)
        }
        guard rows.count < Self.maximumCount else { return Self.none }
        rows.append((version, 1, 0))
        return UInt16(rows.count - 1)
    }

    mutating func removeRecord(_ number: UInt16) {
        if number != Self.none { rows[Int(number)].records -= 1 }
    }

    /// - Parameter number: Of a version that has a row.
    mutating func noteUnlabelled(_ number: UInt16) {
        rows[Int(number)].unlabelled += 1
        unlabelled += 1
    }

    /// Gives what was noted of each version, and forgets it.
    mutating func takeUnlabelled(_ body: (VersionID, Int) -> Void) {
        guard unlabelled > 0 else { return }
        unlabelled = 0
        for index in rows.indices where rows[index].unlabelled > 0 {
            body(rows[index].version, rows[index].unlabelled)
            rows[index].unlabelled = 0
        }
    }
}
