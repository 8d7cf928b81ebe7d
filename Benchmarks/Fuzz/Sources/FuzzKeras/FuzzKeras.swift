// SPDX-License-Identifier: Apache-2.0

public import FuzzDriver
import SlipwayConversion
import SlipwayCore
import SlipwayFormats

/// Any text as the architecture of a Keras 3 file, any bytes after its first zero as the weights: converted or refused.
///
/// The archive is packed here, because its checksums would stop nearly every change to the text.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzKeras(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let content = Array(UnsafeBufferPointer(start: bytes, count: count))
    let end = content.firstIndex(of: 0) ?? content.count
    var zip = ZipWriter()
    guard (try? zip.add("config.json", Array(content[..<end]))) != nil,
        (try? zip.add("metadata.json", Array(#"{"keras_version": "3.10.0"}"#.utf8))) != nil,
        (try? zip.add("model.weights.h5", Array(content[min(end + 1, count)...]))) != nil,
        let model = try? ModelConverter.convert(
            MemorySource(zip.finish()), detected: .keras, options: ConversionOptions())
    else { return 0 }
    _ = try? model.file.bytes()
    return 0
}

@_cdecl("FuzzKeras_main")
public func fuzzKerasMain(_ count: CInt, _ arguments: ProgramArguments) -> CInt {
    fuzz(count, arguments, fuzzKeras)
}
