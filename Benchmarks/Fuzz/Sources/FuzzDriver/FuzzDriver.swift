// SPDX-License-Identifier: Apache-2.0

/// What libFuzzer calls with every input it thinks of; the answer is 0.
public typealias FuzzTarget = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
public typealias ProgramArguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<ProgramArguments>, _ target: FuzzTarget
) -> CInt

/// Hands the program over to libFuzzer.
///
/// The build names a harness's entry point after its module, so libFuzzer's own `main` cannot be used.
public func fuzz(_ count: CInt, _ arguments: ProgramArguments, _ target: FuzzTarget) -> CInt {
    var count = count
    var arguments = arguments
    return runDriver(&count, &arguments, target)
}
