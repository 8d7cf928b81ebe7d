// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Testing

@Suite("Tensor")
struct TensorTests {
    @Test("has as many bytes as its type and shape ask", arguments: ElementType.allCases)
    func sizes(type: ElementType) throws {
        guard let width = type.byteWidth else { return }
        for (count, fits) in [(6 * width, true), (6 * width - 1, false), (6 * width + 1, false), (0, false)] {
            let storage = TensorStorage(byteCount: count) { $0.initializeMemory(as: UInt8.self, repeating: 1) }
            if fits {
                let tensor = try Tensor(elementType: type, shape: [2, 3], storage: storage)
                #expect(tensor.count == 6)
                #expect(tensor.byteCount == count)
            } else {
                let error = #expect(throws: TensorError.self) {
                    try Tensor(elementType: type, shape: [2, 3], storage: storage)
                }
                #expect(error?.code == .sizeMismatch)
                #expect(error?.message.contains("needs \(6 * width) bytes, got \(count)") == true)
            }
        }
    }

    @Test(
        "refuses shapes that no memory holds",
        arguments: [[-1], [1 << 62, 4], [Int.max, Int.max]])
    func impossibleShapes(dimensions: [Int]) {
        for type in ElementType.allCases {
            let error = #expect(throws: TensorError.self) {
                try Tensor(
                    elementType: type, shape: Shape(dimensions), storage: TensorStorage(byteCount: 0) { _ in })
            }
            #expect(error?.code == .invalidShape)
            #expect(error?.category == .invalidInput)
        }
    }

    @Test("refuses a shape whose bytes, not elements, are too many")
    func tooManyBytes() {
        let error = #expect(throws: TensorError.self) {
            try Tensor(elementType: .float64, shape: [1 << 61], storage: TensorStorage(byteCount: 0) { _ in })
        }
        #expect(error?.code == .invalidShape)
    }

    @Test("gives its values back, and only as their own type")
    func values() throws {
        let tensor = try Tensor([1.5, -2, 0] as [Float], shape: [3])
        #expect(tensor.values(as: Float.self) == [1.5, -2, 0])
        #expect(tensor.values(as: Int32.self) == nil)
        #expect(tensor.strings == nil)
        #expect(try Tensor([] as [Int64], shape: [0, 7]).values(as: Int64.self) == [])
        #expect(try Tensor([true, false], shape: [2, 1]).values(as: Bool.self) == [true, false])
    }

    @Test("is aligned for any vector load, also when empty", arguments: [0, 1, 63, 64, 4097])
    func alignment(byteCount: Int) {
        let storage = TensorStorage(byteCount: byteCount) { $0.initializeMemory(as: UInt8.self, repeating: 0) }
        #expect(UInt(bitPattern: storage.bytes.baseAddress) % UInt(TensorStorage.alignment) == 0)
        #expect(storage.bytes.baseAddress != nil)
        #expect(storage.bytes.count == byteCount)
    }

    @Test("slices keep the memory they view alive")
    func slices() {
        let slice = TensorStorage(byteCount: 4) { $0.copyBytes(from: [1, 2, 3, 4]) }.slice(1..<3)
        #expect(Array(slice.bytes) == [2, 3])
        #expect(Array(slice.slice(1..<2).bytes) == [3])
    }

    @Test("views hold their owner until they go")
    func views() {
        final class Owner { let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 2, alignment: 1) }
        weak var weakOwner: Owner?
        var storage: TensorStorage?
        do {
            let owner = Owner()
            owner.bytes.copyBytes(from: [7, 8])
            weakOwner = owner
            storage = TensorStorage(viewing: UnsafeRawBufferPointer(owner.bytes), owner: owner)
        }
        #expect(storage.map { Array($0.bytes) } == [7, 8])
        weakOwner?.bytes.deallocate()
        storage = nil
        #expect(weakOwner == nil)
    }

    @Test("an initializer that throws leaves nothing behind and passes its error on")
    func throwingFill() {
        struct Stop: Error, Equatable {}
        #expect(throws: Stop()) {
            try TensorStorage(byteCount: 8) { (_: UnsafeMutableRawBufferPointer) throws(Stop) in throw Stop() }
        }
    }
}

@Suite("Named tensors")
struct NamedTensorsTests {
    @Test("keep their order and refuse a name twice")
    func order() throws {
        let one = try Tensor([1] as [Float], shape: [1])
        let two = try Tensor([1, 2] as [Float], shape: [2])
        var tensors: NamedTensors = ["b": one, "a": two]
        #expect(tensors.names == ["b", "a"])
        #expect(tensors.append(two, named: "b") == false)
        #expect(tensors["b"]?.count == 1)
        #expect(tensors.append(one, named: "c") == true)
        #expect(tensors.names == ["b", "a", "c"])
        #expect(tensors["missing"] == nil)
        #expect(tensors.byteCount == 16)
    }
}
