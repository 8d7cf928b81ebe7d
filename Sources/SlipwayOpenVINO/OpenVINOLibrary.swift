// SPDX-License-Identifier: Apache-2.0

import COpenVINO
import SlipwayEngine

/// The opened library and its functions.
///
/// It reports to nobody: only its Python packages know telemetry.
final class OpenVINOLibrary: @unchecked Sendable {
    // Unchecked: the functions are constants inside a library that is never closed, and each may be called from any
    // thread on objects that no other thread changes.
    let calls: UnsafePointer<slipway_ov_functions>
    /// `2026.4.1`.
    let version: String

    static let remedy = "Run Scripts/bootstrap, which fetches OpenVINO into the engine cache."

    init(path: String) throws(EngineError) {
        let library = try DynamicLibrary(path: path, remedy: Self.remedy)
        let table = UnsafeMutablePointer<slipway_ov_functions>.allocate(capacity: 1)
        let missing = withUnsafePointer(to: library) { context in
            slipway_ov_bind(table, Self.find, UnsafeMutableRawPointer(mutating: context))
        }
        if let missing {
            table.deallocate()
            throw EngineError(
                code: .libraryUnusable,
                message: "\(path) has no symbol \(String(cString: missing)): it is not OpenVINO's C library, or older "
                    + "than 2026.4. \(Self.remedy)")
        }
        calls = UnsafePointer(table)
        version = Self.version(calls)
    }

    deinit { calls.deallocate() }

    private static let find: slipway_ov_find = { context, name in
        context.flatMap { try? $0.assumingMemoryBound(to: DynamicLibrary.self).pointee.symbol(String(cString: name)) }
    }

    private static func version(_ calls: UnsafePointer<slipway_ov_functions>) -> String {
        var version = slipway_ov_version()
        guard calls.pointee.ov_get_openvino_version(&version) == SLIPWAY_OV_OK else { return "unknown" }
        defer { calls.pointee.ov_version_free(&version) }
        // `2026.4.1-22982-e213a147257-releases/2026/4`
        return version.build.map { String(String(cString: $0).prefix { $0 != "-" }) } ?? "unknown"
    }

    /// Turns a status into an error; 0 means success.
    @inline(__always)
    func check(_ status: slipway_ov_status, _ stage: OpenVINOFailure.Stage) throws(EngineError) {
        guard status != SLIPWAY_OV_OK else { return }
        throw failure(status).error(at: stage)
    }

    /// What the library says of a call that returned `status`.
    ///
    /// The library keeps one message for all threads: where two calls fail at the same time, both may get the later
    /// one's words.
    func failure(_ status: slipway_ov_status) -> OpenVINOFailure {
        // The last message is then another failure's.
        let isWrapper = status <= SLIPWAY_OV_INVALID_PARAMETER
        let text = isWrapper ? nil : take(calls.pointee.ov_get_last_err_msg())
        return OpenVINOFailure(status: status, message: text ?? "status \(status), no reason given")
    }

    /// A pointer that a successful call has filled in.
    static func present(_ pointer: OpaquePointer?) throws(EngineError) -> OpaquePointer {
        guard let pointer else {
            throw EngineError(code: .executionFailed, message: "OpenVINO reported success and returned nothing")
        }
        return pointer
    }

    /// A text that the library allocated, which is freed.
    func take(_ text: UnsafePointer<CChar>?) -> String? {
        guard let text else { return nil }
        defer { calls.pointee.ov_free(text) }
        return String(cString: text)
    }
}
