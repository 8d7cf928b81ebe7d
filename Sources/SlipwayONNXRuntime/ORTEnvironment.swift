// SPDX-License-Identifier: Apache-2.0

import COnnxRuntime
import SlipwayEngine

/// ONNX Runtime's environment: its log and the thread pool that all sessions share.
///
/// The library keeps one for the whole process: a second engine opened beside a living one gets the first one's
/// threads and log.
final class ORTEnvironment: @unchecked Sendable {
    // Unchecked: the library allows every use of an environment from any thread.
    let library: ORTLibrary
    let handle: OpaquePointer
    /// Threads of the shared pool, the calling one included.
    let threads: Int

    /// Starts the pool at the calling thread's niceness, which the pool's threads inherit.
    init(
        library: ORTLibrary, threads: Int, log: @escaping @Sendable (EngineLogLine) -> Void
    ) throws(EngineError) {
        let api = library.api
        self.library = library
        self.threads = max(1, threads)
        var options: OpaquePointer?
        try library.check(api.pointee.CreateThreadingOptions(&options), .open)
        defer { api.pointee.ReleaseThreadingOptions(options) }
        try library.check(
            api.pointee.SetGlobalIntraOpNumThreads(options, Int32(clamping: self.threads)), .open)
        try library.check(api.pointee.SetGlobalInterOpNumThreads(options, 1), .open)
        // Spinning threads would take the cores from the other lanes and from the event loops.
        try library.check(api.pointee.SetGlobalSpinControl(options, 0), .open)
        // Never given back: the library may log through it as long as any engine of the process lives.
        let sink = Unmanaged.passRetained(LogSink(log: log))
        var handle: OpaquePointer?
        try library.check(
            api.pointee.CreateEnvWithCustomLoggerAndGlobalThreadPools(
                Self.forward, sink.toOpaque(), ORT_LOGGING_LEVEL_WARNING, "slipway", options, &handle), .open)
        self.handle = try ORTLibrary.present(handle)
        try library.check(api.pointee.DisableTelemetryEvents(handle), .open)
    }

    deinit { library.api.pointee.ReleaseEnv(handle) }

    private final class LogSink: Sendable {
        let log: @Sendable (EngineLogLine) -> Void
        init(log: @escaping @Sendable (EngineLogLine) -> Void) { self.log = log }
    }

    private static let forward: OrtLoggingFunction = { sink, severity, _, _, place, message in
        guard let sink, let message else { return }
        let level: EngineLogLine.Level =
            switch severity {
            case ORT_LOGGING_LEVEL_VERBOSE: .trace
            case ORT_LOGGING_LEVEL_INFO: .info
            case ORT_LOGGING_LEVEL_WARNING: .warning
            case ORT_LOGGING_LEVEL_ERROR: .error
            default: .critical
            }
        let line = EngineLogLine(
            level: level, engine: ONNXRuntimeEngine.engineName, message: ORTFailure.clean(String(cString: message)),
            source: place.map { String(cString: $0) })
        Unmanaged<LogSink>.fromOpaque(sink).takeUnretainedValue().log(line)
    }
}
