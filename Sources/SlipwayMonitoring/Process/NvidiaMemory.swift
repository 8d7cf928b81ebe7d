// SPDX-License-Identifier: Apache-2.0

import Glibc

/// NVIDIA's management library (NVML), opened at run time where the driver has it: the kernel shows no file with the
/// memory of these processors.
///
/// Functions and `nvmlMemory_t`: NVML API reference, sections "Initialization", "Device Queries".
struct NvidiaMemory: Sendable {
    private typealias Start = @convention(c) () -> Int32
    private typealias Count = @convention(c) (UnsafeMutablePointer<UInt32>) -> Int32
    private typealias Device = @convention(c) (UInt32, UnsafeMutablePointer<OpaquePointer?>) -> Int32
    /// Three numbers of 64 bits: total, free, used.
    private typealias Memory = @convention(c) (OpaquePointer?, UnsafeMutablePointer<UInt64>) -> Int32

    private let count: Count
    private let device: Device
    private let memory: Memory

    /// Opened once; `nil` where there is no such processor, or no library for it.
    static let shared = NvidiaMemory()

    private init?() {
        // Without the driver's device the library is not even looked for.
        guard access("/dev/nvidiactl", F_OK) == 0, let library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL),
            let start = dlsym(library, "nvmlInit_v2"), let count = dlsym(library, "nvmlDeviceGetCount_v2"),
            let device = dlsym(library, "nvmlDeviceGetHandleByIndex_v2"),
            let memory = dlsym(library, "nvmlDeviceGetMemoryInfo"),
            unsafeBitCast(start, to: Start.self)() == 0
        else { return nil }
        self.count = unsafeBitCast(count, to: Count.self)
        self.device = unsafeBitCast(device, to: Device.self)
        self.memory = unsafeBitCast(memory, to: Memory.self)
    }

    /// Every processor that answers, by its number: `nvidia0`.
    func all(limit: Int) -> [GraphicsMemory] {
        var devices: UInt32 = 0
        guard count(&devices) == 0 else { return [] }
        return (0..<min(devices, UInt32(limit))).compactMap { index in
            var handle: OpaquePointer?
            guard device(index, &handle) == 0 else { return nil }
            var numbers: [UInt64] = [0, 0, 0]
            guard memory(handle, &numbers) == 0 else { return nil }
            return GraphicsMemory(
                device: "nvidia\(index)", used: Int(clamping: numbers[2]), total: Int(clamping: numbers[0]))
        }
    }
}
