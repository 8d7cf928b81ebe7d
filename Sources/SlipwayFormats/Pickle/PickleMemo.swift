// SPDX-License-Identifier: Apache-2.0

/// The values a pickle numbered, to be named again.
///
/// Picklers number from 0 on, so that an array does; a number far beyond takes an entry of a dictionary instead of all
/// the room before it.
struct PickleMemo {
    private static let empty = UInt32.max

    private var dense: [UInt32] = []
    private var sparse: [UInt32: UInt32] = [:]
    /// How many numbers are in use: the next one of `MEMOIZE`.
    private(set) var count = 0

    /// `nil` when nothing has that number.
    @inline(__always)
    func value(_ number: UInt32) -> UInt32? {
        if Int(number) < dense.count {
            let value = dense[Int(number)]
            if value != Self.empty { return value }
        }
        return sparse.isEmpty ? nil : sparse[number]
    }

    @inline(__always)
    mutating func set(_ number: UInt32, to node: UInt32) {
        if Int(number) == dense.count, sparse.isEmpty {
            dense.append(node)
            count &+= 1
        } else {
            setElsewhere(number, to: node)
        }
    }

    private mutating func setElsewhere(_ number: UInt32, to node: UInt32) {
        if value(number) == nil { count += 1 }
        if Int(number) >= dense.count, Int(number) < 2 * dense.count + 1024 {
            dense += repeatElement(Self.empty, count: Int(number) + 1 - dense.count)
        }
        if Int(number) < dense.count { dense[Int(number)] = node } else { sparse[number] = node }
    }
}
