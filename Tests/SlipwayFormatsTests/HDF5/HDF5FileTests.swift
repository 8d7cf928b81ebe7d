// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import Testing

@Suite("HDF5 files")
struct HDF5FileTests {
    /// Values as the expectations have them: numbers as float64, which holds all of the fixtures exactly.
    private func doubles(_ type: ElementType, _ bytes: [UInt8]) throws -> [Double] {
        let width = try #require(type.byteWidth)
        return stride(from: 0, to: bytes.count, by: width).map { start in
            var bits: UInt64 = 0
            for index in 0..<width { bits |= UInt64(bytes[start + index]) << UInt64(8 * index) }
            switch type {
            case .bool, .uint8, .uint16, .uint32, .uint64: return Double(bits)
            case .int8: return Double(Int8(truncatingIfNeeded: bits))
            case .int16: return Double(Int16(truncatingIfNeeded: bits))
            case .int32: return Double(Int32(truncatingIfNeeded: bits))
            case .int64: return Double(Int64(truncatingIfNeeded: bits))
            case .float32: return Double(Float(bitPattern: UInt32(bits)))
            case .float64: return Double(bitPattern: bits)
            case .float16:
                let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
                let size =
                    exponent == 0
                    ? fraction * 0x1p-24
                    : (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
                return bits & 0x8000 == 0 ? size : -size
            default:
                Issue.record("no fixture has the type \(type)")
                return 0
            }
        }
    }

    @Test(
        "every attribute and data set has the type, shape and values that h5py reads", arguments: HDF5Fixtures.versions)
    func agreesWithH5py(version: String) throws {
        let root = try HDF5Fixtures.file(version).root
        let expected = try HDF5Fixtures.expected()
        #expect(expected.count >= 60)
        for member in expected {
            let parts = member.name.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
            let object = try #require(try root.object(at: parts[0]), "\(member.name)")
            let array = parts.count > 1 ? try #require(try object.attribute(parts[1])) : try object.read()
            let wanted = try #require(member.value.list)
            #expect(array.shape.map(Int64.init) == wanted[1].integers, "\(member.name)")
            switch array.values {
            case .numbers(let type, let bytes):
                #expect(type.rawValue == wanted[0].string, "\(member.name)")
                #expect(try doubles(type, bytes) == wanted[2].doubles, "\(member.name)")
            case .strings(let texts): #expect(texts == wanted[2].strings, "\(member.name)")
            case .opaque: Issue.record("\(member.name) has no type")
            }
        }
    }

    @Test("members and attributes are listed, few or many", arguments: HDF5Fixtures.versions)
    func lists(version: String) throws {
        let root = try HDF5Fixtures.file(version).root
        let members = try #require(try root.object(at: "members")).members()
        #expect(Set(members.keys) == Set((0..<40).map { "layer_\($0)" }))
        let names = try #require(try root.object(at: "many")).attributeNames()
        #expect(Set(names) == Set((0..<20).map { "attribute\($0)" }))
        #expect(try root.object(at: "members/layer_99") == nil)
        #expect(try root.attribute("nothing") == nil)
    }

    @Test(
        "what is not read is refused by its name", arguments: HDF5Fixtures.versions,
        [("lzf", "lzf"), ("soft", "soft links"), ("external", "external links"), ("complex", "compound")])
    func refuses(version: String, case: (name: String, word: String)) throws {
        let root = try HDF5Fixtures.file(version).root
        let error = #expect(throws: FormatError.self) { try root.object(at: "refused/\(`case`.name)")?.read() }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains(`case`.word) == true)
        #expect(error?.location?.contains("refused/\(`case`.name)") == true)
    }

    @Test("a file with a user block before it is read, and other files are not HDF5")
    func userBlock() throws {
        let bytes = [UInt8](repeating: 0x20, count: 1024) + (try HDF5Fixtures.bytes("earliest.h5"))
        let file = try HDF5File(MemorySource(bytes))
        #expect(try file.root.attribute("text")?.string == "hellö")
        #expect(HDF5File.isHDF5(MemorySource(bytes)))
        #expect(!HDF5File.isHDF5(MemorySource([UInt8](repeating: 1, count: 5000))))
    }

    @Test("a chunk that does not have its checksum is refused", arguments: HDF5Fixtures.versions)
    func checksum(version: String) throws {
        var bytes = try HDF5Fixtures.bytes("\(version).h5")
        let whole = try HDF5File(MemorySource(bytes))
        let set = try #require(try whole.root.object(at: "chunked/summed"))
        guard case .numbers(_, let values) = try set.read().values else {
            Issue.record("not numbers")
            return
        }
        // The first two rows begin a chunk that lies in the file as it is; another data set has them, too.
        let pattern = Array(values.prefix(24))
        let places = bytes.indices.dropLast(24).filter {
            bytes[$0] == pattern[0] && bytes[$0..<($0 + 24)].elementsEqual(pattern)
        }
        #expect(!places.isEmpty)
        for place in places { bytes[place + 5] ^= 1 }
        let damaged = try HDF5File(MemorySource(bytes)).root.object(at: "chunked/summed")
        let error = #expect(throws: FormatError.self) { try damaged?.read() }
        #expect(error?.message.contains("checksum") == true)
    }

    @Test("a data set that would fill memory is refused before it is read", arguments: HDF5Fixtures.versions)
    func limits(version: String) throws {
        var limits = HDF5Limits()
        limits.dataByteCount = 100
        let file = try HDF5File(MemorySource(try HDF5Fixtures.bytes("\(version).h5")), limits: limits)
        for name in ["plain", "packed", "growing", "partial"] {
            let set = try #require(try file.root.object(at: "chunked/\(name)"))
            let error = #expect(throws: FormatError.self) { try set.read() }
            #expect(error?.code == .limitExceeded)
        }
    }
}
