// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayConversion
import SlipwayCore
import SlipwayFormats

/// Any bytes as a model file: where its format is one that is converted, it becomes an ONNX file, or is refused.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzConversion(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let content = Array(UnsafeBufferPointer(start: bytes, count: count))
    let format = FormatDetector.detect(content).format
    guard ModelConverter.converts(format),
        let model = try? ModelConverter.convert(
            MemorySource(content), detected: format, options: ConversionOptions())
    else { return 0 }
    _ = try? model.file.bytes()
    return 0
}

@_cdecl("FuzzConversion_main")
public func fuzzConversionMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzConversion)
}
