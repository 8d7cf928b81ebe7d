// SPDX-License-Identifier: Apache-2.0

/// What the first bytes of a shared library tell: whether it is one, and for which processor.
///
/// Layout: Executable and Linkable Format, `Elf64_Ehdr`.
package struct ELFHeader: Sendable, Hashable {
    /// Bytes that ``parse(_:)`` looks at.
    package static let byteCount = 20

    package let is64Bit: Bool
    package let architecture: ProcessorArchitecture

    /// Reads the header; `nil` when `bytes` are too few or do not start an ELF file.
    package static func parse(_ bytes: [UInt8]) -> ELFHeader? {
        guard bytes.count >= byteCount, bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { return nil }
        guard bytes[4] == 1 || bytes[4] == 2, bytes[5] == 1 || bytes[5] == 2 else { return nil }
        let low = UInt16(bytes[bytes[5] == 1 ? 18 : 19])
        let high = UInt16(bytes[bytes[5] == 1 ? 19 : 18])
        return ELFHeader(
            is64Bit: bytes[4] == 2, architecture: ProcessorArchitecture(elfMachine: high << 8 | low))
    }
}
