// SPDX-License-Identifier: Apache-2.0

/// Opcodes of pickles, to write test pickles that no pickler would.
enum Opcodes {
    static func pickle(_ version: UInt8 = 4, _ parts: [UInt8]...) -> [UInt8] {
        [0x80, version] + parts.flatMap { $0 } + [0x2E]
    }

    static func text(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + Array(text.utf8) }
    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
    static func stackGlobal(_ module: String, _ name: String) -> [UInt8] { text(module) + text(name) + [0x93] }
    static func bytes(_ content: [UInt8]) -> [UInt8] { [0x42] + littleEndian(UInt32(content.count)) + content }

    static func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    static let none: [UInt8] = [0x4E]
    static let mark: [UInt8] = [0x28]
    static let emptyDictionary: [UInt8] = [0x7D]
    static let emptyList: [UInt8] = [0x5D]
    static let tuple1: [UInt8] = [0x85]
    static let tuple2: [UInt8] = [0x86]
    static let reduce: [UInt8] = [0x52]
    static let memoize: [UInt8] = [0x94]

    /// `os.system('touch FILE')`, as an attack would do it.
    static func shell(_ command: String = "id") -> [UInt8] {
        global("posix", "system") + text(command) + tuple1 + reduce
    }
}
