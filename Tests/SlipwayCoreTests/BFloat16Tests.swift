// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Testing

@Suite("BFloat16")
struct BFloat16Tests {
    @Test("every pattern survives the way through Float; a NaN stays a NaN of its sign")
    func roundTrip() {
        for pattern in UInt16.min...UInt16.max {
            let value = BFloat16(bitPattern: pattern)
            let back = BFloat16(value.float)
            if value.float.isNaN {
                #expect(back.float.isNaN && !back.float.isSignalingNaN)
                #expect(back.bitPattern & 0x8000 == pattern & 0x8000)
            } else {
                #expect(back.bitPattern == pattern)
            }
        }
    }

    @Test("the middle between two neighbours goes to the even one, all else to the nearer one")
    func ties() {
        for pattern in UInt16(0)..<0x7F7F {
            let lower = UInt32(pattern) << 16
            let upper = pattern + 1
            let even = pattern % 2 == 0 ? pattern : upper
            #expect(BFloat16(Float(bitPattern: lower | 0x7FFF)).bitPattern == pattern)
            #expect(BFloat16(Float(bitPattern: lower | 0x8000)).bitPattern == even)
            #expect(BFloat16(Float(bitPattern: lower | 0x8001)).bitPattern == upper)
        }
    }

    @Test("what is too large becomes infinite, at half a step above the greatest")
    func overflow() {
        // The greatest finite pattern is 0x7F7F; 0x7F7F8000 is the tie between it and infinity, which is even.
        #expect(BFloat16(Float(bitPattern: 0x7F7F_7FFF)).bitPattern == 0x7F7F)
        #expect(BFloat16(Float(bitPattern: 0x7F7F_8000)).float == .infinity)
        #expect(BFloat16(-Float.greatestFiniteMagnitude).float == -.infinity)
        #expect(BFloat16(Float.infinity).float == .infinity)
    }

    @Test("a NaN whose payload is cut off does not become infinite")
    func payload() {
        #expect(BFloat16(Float(bitPattern: 0x7F80_0001)).float.isNaN)
        #expect(BFloat16(Float(bitPattern: 0xFF80_0001)).bitPattern == 0xFFC0)
    }
}
