// SPDX-License-Identifier: Apache-2.0

import COpenVINO
import SlipwayEngine
import Synchronization

/// The library's root object: its devices, and reading and compiling models.
final class OpenVINOCore: @unchecked Sendable {
    // Unchecked: the library allows every use of a core from any thread; all else is constant.
    struct Device: Sendable, Equatable {
        /// As commands name it: `cpu`, `gpu`, `gpu:1`.
        let name: String
        /// As the library names it: `CPU`, `GPU.1`.
        let key: String
    }

    let library: OpenVINOLibrary
    let handle: OpaquePointer
    let devices: [Device]
    /// The one thread that loads models, of the priority that the core was made at.
    ///
    /// Compiling starts the threads that will compute requests: those of a niced loader would be niced. Loads one after
    /// another also have their own reasons when they fail, of which the library keeps the last.
    private let loader: LaneGroup

    init(library: OpenVINOLibrary) throws(EngineError) {
        self.library = library
        var created: OpaquePointer?
        try library.check(library.calls.pointee.ov_core_create(&created), .open)
        let core = try OpenVINOLibrary.present(created)
        do throws(EngineError) {
            devices = try Self.devices(core, library)
            loader = try LaneGroup(count: 1)
        } catch {
            library.calls.pointee.ov_core_free(core)
            throw error
        }
        handle = core
    }

    deinit { library.calls.pointee.ov_core_free(handle) }

    /// Runs `body` on the thread that loads models, and blocks until it has ended.
    func load<R: Sendable>(
        _ body: @escaping @Sendable () throws(EngineError) -> R
    ) throws(EngineError) -> R {
        let outcome = Outcome<R>()
        let accepted = loader.queue.submit {
            let result = Result { () throws(EngineError) in try body() }
            outcome.result.withLock { $0 = result }
            outcome.isThere.post()
        }
        if accepted { outcome.isThere.wait() }
        guard let result = outcome.result.withLock({ $0 }) else {
            throw EngineError(code: .cancelled, message: "the engine is being closed")
        }
        return try result.get()
    }

    private final class Outcome<R: Sendable>: Sendable {
        let result = Mutex<Result<R, EngineError>?>(nil)
        let isThere = LaneSignal()
    }

    /// - Throws: ``EngineError`` `unsupportedDevice` when the library has no such device here.
    func device(_ name: String) throws(EngineError) -> Device {
        guard let device = devices.first(where: { $0.name == name }) else {
            throw EngineError(
                code: .unsupportedDevice,
                message: "this OpenVINO library cannot run on device '\(name)', it offers "
                    + "[\(devices.map(\.name).joined(separator: ", "))]. For another device its plug-in must lie "
                    + "beside the library, and its driver be installed")
        }
        return device
    }

    private static func devices(
        _ core: OpaquePointer, _ library: OpenVINOLibrary
    ) throws(EngineError) -> [Device] {
        var list = slipway_ov_devices()
        try library.check(library.calls.pointee.ov_core_get_available_devices(core, &list), .open)
        defer { library.calls.pointee.ov_available_devices_free(&list) }
        var devices: [Device] = []
        for index in 0..<list.count {
            guard let text = list.names?[index] else { continue }
            let key = String(cString: text)
            let name = String(key.lowercased().map { $0 == "." ? ":" : $0 })
            devices.append(Device(name: name, key: key))
        }
        return devices
    }
}
