// SPDX-License-Identifier: Apache-2.0

/// What a name in a pickle is taken for.
enum PickleStanding {
    /// A function or class whose result is known and made as data.
    case constructor(PickleConstructor)
    /// A class whose instances become bags of attributes.
    case type
    /// A function that may be named, as a setting; calling it is a finding.
    case function
    /// Not allowed; the finding is already made.
    case foreign
}

/// Functions and classes that are understood, each made by what this reader does instead of calling it.
enum PickleConstructor {
    case dictionary, defaultDictionary, list, tuple, set, bytes, encode
    /// `copyreg._reconstructor`, and `__newobj__` with its sibling.
    case reconstructor, newObject, newObjectWithKeywords
    /// `type(None)`.
    case typeOf
    case numpyReconstruct, numpyFromBuffer, numpyScalar, numpyType
    /// Names a function by two texts.
    case numpyFunction
    /// `functools.partial`: an instance, and a finding unless what it holds is allowed.
    case partial
}
