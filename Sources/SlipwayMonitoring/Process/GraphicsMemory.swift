// SPDX-License-Identifier: Apache-2.0

/// Memory of one graphics processor, of all processes together, in bytes.
///
/// Of AMD's processors the kernel shows it in files, of NVIDIA's a library does.
package struct GraphicsMemory: Sendable, Equatable {
    /// `card0`, `nvidia0`.
    package let device: String
    package let used: Int
    package let total: Int

    private static let maximumDevices = 16

    /// - Parameter read: The text of a file by its path; `nil` when there is none.
    package static func all(read: (String) -> String?) -> [GraphicsMemory] {
        (0..<maximumDevices).compactMap { index in
            let folder = "/sys/class/drm/card\(index)/device/"
            guard let used = number(read(folder + "mem_info_vram_used")),
                let total = number(read(folder + "mem_info_vram_total"))
            else { return nil }
            return GraphicsMemory(device: "card\(index)", used: used, total: total)
        }
    }

    package static func current() -> [GraphicsMemory] {
        all(read: ProcFile.read) + (NvidiaMemory.shared?.all(limit: maximumDevices) ?? [])
    }

    private static func number(_ text: String?) -> Int? {
        text.flatMap { $0.split(whereSeparator: \.isWhitespace).first }.flatMap { Int($0) }
    }
}
