// SPDX-License-Identifier: Apache-2.0

/// What the processor is and which vector instructions it has, for `slipway doctor`.
package struct CPUFeatures: Sendable, Hashable {
    /// As the processor names itself; `nil` where it does not (arm64).
    package let model: String?
    /// Every feature flag that the kernel reports.
    package let flags: Set<String>

    /// The flags that decide how fast engines run, in the order they appeared on the market.
    package static let flagsThatMatter = [
        "avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8", "amx_bf16",
        "asimd", "asimddp", "i8mm", "bf16", "sve", "sve2",
    ]

    /// Those of ``flagsThatMatter`` that this processor has.
    package var notable: [String] { Self.flagsThatMatter.filter(flags.contains) }

    /// Reads the text of `/proc/cpuinfo`; its first processor speaks for all.
    package static func parse(_ text: String) -> CPUFeatures {
        var model: String?
        var flags: Set<String> = []
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let key = String(line[..<colon]).trimmingBlanks
            let value = String(line[line.index(after: colon)...]).trimmingBlanks
            if key == "model name", model == nil { model = value }
            if key == "flags" || key == "Features", flags.isEmpty {
                flags = Set(value.split(separator: " ").map(String.init))
            }
            if model != nil && !flags.isEmpty { break }
        }
        return CPUFeatures(model: model, flags: flags)
    }

    /// Those of this machine; empty where the kernel does not tell.
    package static func current() -> CPUFeatures {
        parse(TextFile.read("/proc/cpuinfo") ?? "")
    }
}

extension String {
    /// Without spaces and tabs at either end.
    fileprivate var trimmingBlanks: String {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
