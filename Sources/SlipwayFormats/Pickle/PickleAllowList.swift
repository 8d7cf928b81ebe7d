// SPDX-License-Identifier: Apache-2.0

/// Which names models need; everything else is a finding.
enum PickleAllowList {
    static func standing(of name: PickleName) -> PickleStanding {
        if let constructor = constructors[name] { return .constructor(constructor) }
        if types.contains(name) { return .type }
        if functions.contains(name) { return .function }
        if PickleDangers.message(for: name) != nil { return .foreign }
        let package = String(name.module.prefix { $0 != "." })
        guard let rule = packages[package], rule.covers(name.module) else { return .foreign }
        // A dotted name reaches through attributes, so that only classes inside classes pass.
        let parts = name.name.split(separator: ".", omittingEmptySubsequences: false)
        guard let last = parts.last, parts.dropLast().allSatisfy(isTypeName) else { return .foreign }
        if isTypeName(last) || rebuilders.contains(String(last)) || last.hasPrefix("__pyx_unpickle_") { return .type }
        // TorchScript's classes have no code in Python, so that a small first letter is no function either.
        if package == "__torch__", parts.count == 1, isPlainFunction(last) { return .type }
        return parts.count == 1 && rule.hasFunctions && isPlainFunction(last) && !callers.contains(String(last))
            ? .function : .foreign
    }

    /// Classes begin with a capital, after underscores; constants and modules do not.
    private static func isTypeName(_ name: Substring) -> Bool {
        guard let first = name.first(where: { $0 != "_" }) else { return false }
        return first.isUppercase && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
    }

    private static func isPlainFunction(_ name: Substring) -> Bool {
        name.first.map { $0.isLowercase || $0 == "_" } == true
            && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
    }

    private struct Rule {
        /// Parts of the package; `nil` for all of it.
        var modules: [String]?
        /// Parts that load files, run tests or hold other modules' functions.
        var exceptions: [String] = []
        /// Whether its functions may be named, as settings of estimators.
        var hasFunctions = false

        func covers(_ module: String) -> Bool {
            let isInside = { (part: String) in module == part || module.hasPrefix(part + ".") }
            // A package as a part stands for its own names, and not for all that is in it.
            let isPart = { (part: String) in part.contains(".") ? isInside(part) : module == part }
            return modules.map { $0.contains(where: isPart) } ?? true && !exceptions.contains(where: isInside)
                && !module.split(separator: ".").contains("tests")
        }
    }

    private static let packages: [String: Rule] = [
        "sklearn": Rule(
            exceptions: [
                "sklearn.datasets", "sklearn.externals._lobpcg", "sklearn.utils._testing", "sklearn.utils.testing",
                "sklearn.conftest", "sklearn._build_utils", "sklearn.utils._show_versions", "sklearn.utils._joblib",
                "sklearn.externals.joblib",
            ], hasFunctions: true),
        "numpy": Rule(
            modules: [
                "numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric",
                "numpy._core.numeric", "numpy.ma", "numpy.ma.core", "numpy.matrixlib", "numpy.matrixlib.defmatrix",
                "numpy.random", "numpy.dtypes", "numpy.core.memmap", "numpy._core.memmap", "numpy.core.records",
                "numpy._core.records", "numpy.rec", "numpy.polynomial",
            ]),
        "scipy": Rule(modules: [
            "scipy.sparse", "scipy.interpolate", "scipy.spatial", "scipy.stats._distn_infrastructure",
        ]),
        "xgboost": Rule(exceptions: ["xgboost.testing"]),
        "lightgbm": Rule(),
        "catboost": Rule(),
        "_catboost": Rule(),
        // The module that compiled losses of scikit-learn 1.4 to 1.6 say they are from.
        "_loss": Rule(modules: ["_loss"]),
        "torch": Rule(modules: ["torch.nn.modules"]),
        // What TorchScript calls the classes of a model; they exist in its own file only.
        "__torch__": Rule(),
    ]

    /// Functions that call what they are given, or load files; modules hold them for their own use.
    private static let callers: Set<String> = [
        "load", "dump", "reduce", "partial", "wraps", "import_module", "delayed", "loads", "dumps",
    ]

    /// Whether a class belongs to a package whose classes open files and addresses when they are called.
    static func opensFiles(_ name: PickleName) -> Bool {
        let last = String(name.name.split(separator: ".").last ?? "")
        guard !types.contains(name), !rebuilders.contains(last), !last.hasPrefix("__pyx_unpickle_") else {
            return false
        }
        return ["xgboost", "lightgbm", "catboost", "_catboost", "numpy"].contains(name.module.prefix { $0 != "." })
    }

    /// Functions that compiled classes name as what rebuilds them.
    private static let rebuilders: Set<String> = [
        "newObj", "__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor", "_mareconstruct",
        "_unpickle_lambda",
    ]

    private static func names(_ module: String, _ names: String) -> [PickleName] {
        names.split(separator: " ").map { PickleName(module, String($0)) }
    }

    /// Classes outside those packages that models hold as values.
    private static let types = Set(
        names("builtins", "object int float bool str complex slice range NotImplementedType ellipsis NoneType")
            + names("datetime", "datetime date time timedelta timezone")
            + names("decimal", "Decimal") + names("fractions", "Fraction") + names("uuid", "UUID SafeUUID")
            + names("pathlib", "Path PosixPath PurePath PurePosixPath WindowsPath")
            + names("pathlib._local", "Path PosixPath PurePosixPath")
            + names("types", "SimpleNamespace") + names("re", "_compile") + names("array", "array _array_reconstructor")
            + names("joblib.numpy_pickle", "NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper")
            + names("sklearn.externals.joblib.numpy_pickle", "NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper")
            + names("numpy", "ndarray matrix recarray generic number integer signedinteger unsignedinteger")
            + names(
                "numpy", "inexact floating complexfloating bool bool_ int_ intc intp int8 int16 int32 int64 uint uintc")
            + names("numpy", "uintp uint8 uint16 uint32 uint64 half single double longdouble float16 float32 float64")
            + names(
                "numpy", "csingle cdouble clongdouble complex64 complex128 object_ bytes_ str_ unicode_ string_ void")
            + names("numpy", "datetime64 timedelta64 float128 longlong ulonglong record")
            + names("numpy.matrixlib.defmatrix", "matrix") + names("numpy.ma.core", "_mareconstruct MaskedArray")
            + names("numpy.random", "mtrand") + names("pandas", "Index RangeIndex Series DataFrame")
            + names(
                "scipy.sparse", "csr_matrix csc_matrix coo_matrix lil_matrix dok_matrix csr_array csc_array coo_array")
            + names("scipy.sparse._csr", "csr_matrix csr_array") + names("scipy.sparse.csr", "csr_matrix")
            + names("scipy.sparse._csc", "csc_matrix csc_array") + names("scipy.sparse.csc", "csc_matrix")
            + names("scipy.sparse._coo", "coo_matrix coo_array") + names("scipy.sparse.coo", "coo_matrix")
            + names("scipy.sparse._lil", "lil_matrix lil_array") + names("scipy.sparse.lil", "lil_matrix")
            + names("scipy.sparse._dok", "dok_matrix dok_array") + names("scipy.sparse.dok", "dok_matrix")
            + names("scipy.sparse._dia", "dia_matrix dia_array") + names("scipy.sparse.dia", "dia_matrix")
            + names("scipy.sparse._bsr", "bsr_matrix bsr_array") + names("scipy.sparse._base", "spmatrix sparray")
            + names("pandas.core.indexes.base", "Index _new_Index") + names("pandas.core.indexes.range", "RangeIndex")
            + names("pandas.core.dtypes.dtypes", "CategoricalDtype")
            + names(
                "torch", "Size device dtype layout memory_format Generator Tensor float16 float32 float64 bfloat16 int8"
            )
            + names("torch", "int16 int32 int64 uint8 bool complex64 complex128 strided sparse_coo FloatStorage")
            + names(
                "torch", "DoubleStorage HalfStorage BFloat16Storage IntStorage LongStorage ShortStorage CharStorage")
            + names(
                "torch", "ByteStorage BoolStorage ComplexFloatStorage ComplexDoubleStorage QInt8Storage QUInt8Storage")
            + names("torch", "QInt32Storage")
            + names("torch.storage", "TypedStorage UntypedStorage _LegacyStorage")
            + names("torch.nn.parameter", "Parameter Buffer UninitializedParameter")
            + names("torch.serialization", "_get_layout") + names("torch._tensor", "Tensor _rebuild_from_type_v2")
            + names("torch._utils", "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter")
            + names("torch._utils", "_rebuild_parameter_with_state _rebuild_sparse_tensor _rebuild_qtensor")
            + names("torch._utils", "_rebuild_device_tensor_from_numpy _rebuild_device_tensor_from_cpu_tensor")
            + names("torch._utils", "_rebuild_meta_tensor_no_storage")
            // They give back what they are given: TorchScript's way to tell lists of numbers from others.
            + names("torch.jit._pickle", "build_intlist build_doublelist build_boollist build_tensorlist")
            + names("torch.jit._pickle", "build_tensor_from_id restore_type_tag")
    )

    /// Functions that are named as settings, `FunctionTransformer(numpy.log1p)` for one.
    private static let functions = Set(
        // Calling it opens a file; joblib names it as an array's class.
        names("numpy", "memmap") + names("numpy.core.memmap", "memmap") + names("numpy._core.memmap", "memmap")
            + names("builtins", "abs len min max sum round sorted any all")
            + names(
                "numpy", "log log1p log2 log10 exp expm1 exp2 sqrt cbrt square abs absolute fabs negative sign sin cos")
            + names(
                "numpy", "tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh reciprocal floor ceil rint")
            + names(
                "numpy", "trunc round around clip isnan isfinite nan_to_num mean median min max sum std var nanmean")
            + names("numpy", "nanmedian ravel reshape asarray array squeeze transpose deg2rad rad2deg radians degrees")
            + names("numpy", "logical_not positive invert signbit amin amax")
            + names(
                "numpy.core._multiarray_umath", "log log1p log2 log10 exp expm1 exp2 sqrt cbrt square absolute fabs")
            + names(
                "numpy._core._multiarray_umath", "log log1p log2 log10 exp expm1 exp2 sqrt cbrt square absolute fabs")
            + names("scipy.special", "expit logit log1p expm1 exp2 exp10 erf erfc logsumexp softmax")
            + names("scipy.special._ufuncs", "expit logit log1p expm1 exp2 exp10 erf erfc")
            + names("scipy.stats", "uniform norm loguniform")
    )

    private static let constructors: [PickleName: PickleConstructor] = {
        var result: [PickleName: PickleConstructor] = [
            PickleName("_codecs", "encode"): .encode,
            PickleName("copyreg", "_reconstructor"): .reconstructor,
            PickleName("copyreg", "__newobj__"): .newObject,
            PickleName("copyreg", "__newobj_ex__"): .newObjectWithKeywords,
            PickleName("numpy", "dtype"): .numpyType,
            PickleName("builtins", "type"): .typeOf,
            PickleName("functools", "partial"): .partial,
        ]
        for name in ["dict", "list", "tuple", "set", "frozenset", "bytes", "bytearray"] {
            result[PickleName("builtins", name)] = plain[name]
        }
        result[PickleName("collections", "OrderedDict")] = .dictionary
        result[PickleName("collections", "Counter")] = .dictionary
        result[PickleName("collections", "defaultdict")] = .defaultDictionary
        result[PickleName("collections", "deque")] = .list
        for core in ["numpy.core", "numpy._core"] {
            result[PickleName(core, "_ufunc_reconstruct")] = .numpyFunction
            result[PickleName(core + ".multiarray", "_reconstruct")] = .numpyReconstruct
            result[PickleName(core + ".multiarray", "scalar")] = .numpyScalar
            result[PickleName(core + ".numeric", "_frombuffer")] = .numpyFromBuffer
        }
        return result
    }()

    private static let plain: [String: PickleConstructor] = [
        "dict": .dictionary, "list": .list, "tuple": .tuple, "set": .set, "frozenset": .set, "bytes": .bytes,
        "bytearray": .bytes,
    ]
}
