// SPDX-License-Identifier: Apache-2.0

import COpenVINO
import SlipwayCore
import SlipwayEngine

/// The properties that a model is compiled with.
///
/// Everything that changes results or takes threads is said: the library's own choices depend on the machine.
struct CompileSettings {
    private let entries: [(key: CString, value: CString)]

    init(_ options: LoadOptions, isProcessor: Bool) {
        var pairs = [("INFERENCE_PRECISION_HINT", options.precision.rawValue)]
        if options.precision == .f32 {
            // Nor any other shortcut: compressed weights would have their activations made 8-bit integers.
            pairs.append(("EXECUTION_MODE_HINT", "ACCURACY"))
            if isProcessor { pairs.append(("DYNAMIC_QUANTIZATION_GROUP_SIZE", "0")) }
        }
        if isProcessor {
            let lanes = max(1, options.lanes)
            let (threads, overflow) = lanes.multipliedReportingOverflow(by: max(1, options.threadsPerCall))
            pairs.append(("NUM_STREAMS", String(lanes)))
            pairs.append(("INFERENCE_NUM_THREADS", String(overflow ? lanes : threads)))
            // Lanes belong to the process's own budget; pinned to cores they would sit on one another.
            pairs.append(("ENABLE_CPU_PINNING", "NO"))
        }
        // The library finds a kept model by its content, whatever it was compiled for.
        if let folder = options.cacheFolder { pairs.append(("CACHE_DIR", folder + "/" + options.precision.rawValue)) }
        entries = pairs.map { (CString($0.0), CString($0.1)) }
    }

    /// The properties as the library takes them, for the length of a call.
    func with<R>(_ body: (Int, UnsafePointer<slipway_ov_property>?) -> R) -> R {
        withExtendedLifetime(entries) {
            let properties = entries.map { slipway_ov_property(key: $0.key.pointer, value: $0.value.pointer) }
            return properties.withUnsafeBufferPointer { body($0.count, $0.baseAddress) }
        }
    }
}
