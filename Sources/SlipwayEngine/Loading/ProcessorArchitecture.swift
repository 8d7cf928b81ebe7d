// SPDX-License-Identifier: Apache-2.0

/// A processor architecture, as far as engines' libraries come for it.
package enum ProcessorArchitecture: Sendable, Hashable, CustomStringConvertible {
    case amd64
    case arm64
    /// Another one, by its number in the ELF specification (`e_machine`).
    case other(UInt16)

    /// The architecture this program was built for.
    package static var current: ProcessorArchitecture {
        #if arch(x86_64)
        .amd64
        #elseif arch(arm64)
        .arm64
        #else
        .other(0)
        #endif
    }

    init(elfMachine: UInt16) {
        switch elfMachine {
        case 62: self = .amd64
        case 183: self = .arm64
        default: self = .other(elfMachine)
        }
    }

    package var description: String {
        switch self {
        case .amd64: "x86-64"
        case .arm64: "arm64"
        case .other(3): "32-bit x86"
        case .other(40): "32-bit Arm"
        case .other(243): "RISC-V"
        case .other(let machine): "ELF machine \(machine)"
        }
    }
}
