// SPDX-License-Identifier: Apache-2.0

import SlipwayNumerics
import Testing

@Suite("Special functions")
struct SpecialFunctionsTests {
    private struct Functions: Decodable {
        var gammaQ, beta, normalCDF, normalQuantile, kolmogorovQ, logGamma, student: [[Double]]
    }

    private struct File: Decodable { var functions: Functions }

    private func golden() throws -> Functions { try Golden.load(File.self, "statistics").functions }

    @Test("equals scipy's incomplete gamma function")
    func gamma() throws {
        // exp(a ln x - x - ln Gamma a) loses digits as its parts grow: 2e3 * 2^-53 for the largest, and absolutely
        // where the tail is taken from 1.
        for row in try golden().gammaQ {
            #expect(
                abs(SpecialFunctions.regularizedGammaQ(row[0], row[1]) - row[2]) <= 1e-11 * max(row[2], 0.01), "\(row)")
        }
    }

    @Test("equals scipy's incomplete beta function and Student's tail")
    func beta() throws {
        for row in try golden().beta {
            #expect(
                abs(SpecialFunctions.betaIncomplete(row[0], row[1], row[2]) - row[3]) <= 1e-12 * max(row[3], 0.01),
                "\(row)")
        }
        for row in try golden().student {
            #expect(near(SpecialFunctions.studentTail(row[0], degrees: row[1]), row[2], 1e-11), "\(row)")
        }
    }

    @Test("equals scipy's normal distribution to the far tail")
    func normal() throws {
        // erfc's argument is rounded: relative error about x^2 2^-53, 2e-13 at 38.
        for row in try golden().normalCDF { #expect(near(SpecialFunctions.normalCDF(row[0]), row[1], 1e-12), "\(row)") }
        for row in try golden().normalQuantile {
            #expect(near(SpecialFunctions.normalQuantile(row[0]), row[1], 1e-13), "\(row)")
        }
        #expect(SpecialFunctions.normalQuantile(0) == -.infinity)
        #expect(SpecialFunctions.normalQuantile(1) == .infinity)
        #expect(SpecialFunctions.normalQuantile(-0.1).isNaN)
    }

    @Test("equals scipy's Kolmogorov distribution on both sides of where its series meet")
    func kolmogorov() throws {
        for row in try golden().kolmogorovQ {
            #expect(near(SpecialFunctions.kolmogorovQ(row[0]), row[1], 1e-13), "\(row)")
        }
        #expect(SpecialFunctions.kolmogorovQ(0) == 1)
        #expect(SpecialFunctions.kolmogorovQ(.nan).isNaN)
    }

    @Test("equals scipy's logarithm of gamma")
    func logGamma() throws {
        for row in try golden().logGamma {
            #expect(abs(SpecialFunctions.logGamma(row[0]) - row[1]) <= 1e-14 * max(abs(row[1]), 1), "\(row)")
        }
    }

    @Test("has no value outside of the domains")
    func domains() {
        #expect(SpecialFunctions.regularizedGammaQ(0, 1).isNaN)
        #expect(SpecialFunctions.regularizedGammaQ(1, -1).isNaN)
        #expect(SpecialFunctions.betaIncomplete(1, 0, 0.5).isNaN)
        #expect(SpecialFunctions.betaIncomplete(1, 1, 1.5).isNaN)
        #expect(SpecialFunctions.regularizedGammaQ(3, .infinity) == 0)
    }
}
