// SPDX-License-Identifier: Apache-2.0

extension [UInt8] {
    /// Lends the bytes as C characters with their number, for the length of a call.
    func withCharacters<R>(_ body: (UnsafePointer<CChar>?, Int) -> R) -> R {
        withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { body($0.baseAddress, $0.count) }
        }
    }
}
