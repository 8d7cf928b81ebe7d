// SPDX-License-Identifier: Apache-2.0

import COnnxRuntime
import Glibc
import SlipwayEngine

/// The opened library and its table of functions.
///
/// The table is constant and every function in it may be called from any thread on values that no other thread uses.
struct ORTLibrary: @unchecked Sendable {
    // Unchecked: both pointers lead to constants inside the library, which is never closed.
    let api: UnsafePointer<OrtApi>
    /// The library's default allocator: plain memory, for names and for strings.
    let allocator: OpaquePointer
    let version: String
    /// What the library can run on, by ONNX Runtime's own names: `CPUExecutionProvider`.
    let providers: [String]

    static let remedy = "Run Scripts/bootstrap, which fetches ONNX Runtime into the engine cache."

    /// Opens the library with its telemetry switched off: the official build reports home from its first call on.
    init(path: String) throws(EngineError) {
        setenv("ORT_DISABLE_TELEMETRY", "1", 1)
        let library = try DynamicLibrary(path: path, remedy: Self.remedy)
        let entry = unsafeBitCast(try library.symbol("OrtGetApiBase"), to: OrtGetApiBaseFunction.self)
        guard let base = entry() else {
            throw EngineError(code: .libraryUnusable, message: "\(path) hands out no functions. \(Self.remedy)")
        }
        version = base.pointee.GetVersionString().map { String(cString: $0) } ?? "unknown"
        guard let api = base.pointee.GetApi(UInt32(SLIPWAY_ORT_API_VERSION)) else {
            throw EngineError(
                code: .libraryUnusable,
                message: "\(path) is ONNX Runtime \(version), 1.\(SLIPWAY_ORT_API_VERSION) or newer is needed. "
                    + Self.remedy)
        }
        self.api = api
        var allocator: OpaquePointer?
        try Self.check(api.pointee.GetAllocatorWithDefaultOptions(&allocator), api, .open)
        self.allocator = try Self.present(allocator)
        providers = try Self.providers(api)
    }

    /// Turns a status into an error, and gives the status back; `nil` means success.
    @inline(__always)
    func check(_ status: OpaquePointer?, _ stage: ORTFailure.Stage) throws(EngineError) {
        guard let status else { return }
        throw ORTFailure(taking: status, api).error(at: stage)
    }

    /// A pointer that a successful call has filled in.
    static func present(_ pointer: OpaquePointer?) throws(EngineError) -> OpaquePointer {
        guard let pointer else {
            throw EngineError(code: .executionFailed, message: "ONNX Runtime reported success and returned nothing")
        }
        return pointer
    }

    /// The text of a name that the library allocated, which is freed.
    func take(_ text: UnsafeMutablePointer<CChar>?) -> String {
        guard let text else { return "" }
        defer { if let status = api.pointee.AllocatorFree(allocator, text) { api.pointee.ReleaseStatus(status) } }
        return String(cString: text)
    }

    private static func check(
        _ status: OpaquePointer?, _ api: UnsafePointer<OrtApi>, _ stage: ORTFailure.Stage
    ) throws(EngineError) {
        guard let status else { return }
        throw ORTFailure(taking: status, api).error(at: stage)
    }

    private static func providers(_ api: UnsafePointer<OrtApi>) throws(EngineError) -> [String] {
        var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        var count: Int32 = 0
        try check(api.pointee.GetAvailableProviders(&list, &count), api, .open)
        guard let list else { return [] }
        let names = (0..<Int(count)).compactMap { list[$0].map { String(cString: $0) } }
        try check(api.pointee.ReleaseAvailableProviders(list, count), api, .open)
        return names
    }
}
