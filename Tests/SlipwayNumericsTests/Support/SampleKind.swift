// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayNumerics

/// Data of many shapes, with and without heavy atoms.
enum SampleKind: Int, CaseIterable {
    case even, bell, whole, fewValues, mostlyZero, heavyTail, constant, mixed

    func draw(_ count: Int, _ random: inout SplitMix64) -> [Double] {
        (0..<count).map { _ in draw(&random) }
    }

    private func draw(_ random: inout SplitMix64) -> Double {
        switch self {
        case .even: random.unit()
        case .bell: normal(&random)
        case .whole: Double(random.below(40))
        case .fewValues: Double(random.below(3))
        case .mostlyZero: random.unit() < 0.8 ? 0 : random.unit()
        case .heavyTail: 1 / (random.unit() + 1e-9)
        case .constant: 7
        case .mixed: random.unit() < 0.5 ? (random.unit() * 10).rounded() / 10 : normal(&random)
        }
    }
}

/// About standard normal: the sum of twelve even numbers.
func normal(_ random: inout SplitMix64) -> Double {
    (0..<12).reduce(-6.0) { sum, _ in sum + random.unit() }
}
