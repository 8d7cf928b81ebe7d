// SPDX-License-Identifier: Apache-2.0

/// What is known of names that attacks use: what Python would do with them.
///
/// Not what decides whether a name is allowed: that is ``PickleAllowList``. This only makes the report say more.
enum PickleDangers {
    /// What loading would do; `nil` for names that are not known as dangerous.
    static func message(for name: PickleName) -> String? {
        let parts = name.name.split(separator: ".").map(String.init)
        let last = parts.last ?? ""
        if name.module == "builtins" || name.module == "__builtin__" { return builtins[last] }
        if let effect = exact[name.description] { return effect }
        var module = name.module
        while true {
            if let effect = modules[module] { return effect }
            guard let dot = module.lastIndex(of: ".") else { break }
            module = String(module[..<dot])
        }
        // The same functions through another module that imports them: `sklearn.x.os.system`, `numpy.y.Popen`.
        for part in parts {
            if let effect = modules[part], parts.count > 1 { return effect + ", reached through " + name.module }
            if let effect = anywhere[part] { return effect + ", reached through " + name.module }
        }
        return nil
    }

    private static let shell = "would run a program or a shell command"
    private static let code = "would run Python code that the file carries"
    private static let network = "would open network connections"
    private static let files = "would read, write or delete files"
    private static let pickles = "would load another pickle, past any scanner"
    private static let lookup = "would reach any function by its name, past lists of names"
    private static let native = "would load or call native code"

    private static func table(_ effect: String, _ names: String) -> [(String, String)] {
        names.split(separator: " ").map { (String($0), effect) }
    }

    private static func dictionary(_ pairs: [(String, String)]) -> [String: String] {
        Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    private static let builtins = dictionary(
        table(code, "eval exec compile execfile __import__ breakpoint")
            + table(lookup, "getattr setattr delattr vars globals locals apply map filter memoryview super classmethod")
            + table(files, "open file input raw_input"))

    private static let modules = dictionary(
        table(shell, "os posix nt subprocess commands popen2 pty platform webbrowser antigravity distutils")
            + table(shell, "setuptools pip ensurepip venv fileinput sh plumbum fabric paramiko pexpect")
            + table(
                code, "code codeop runpy bdb pdb trace timeit cProfile profile profiling pydoc doctest unittest test")
            + table(
                code, "idlelib lib2to3 imp importlib pkgutil zipimport sys site builtins __main__ ast inspect types")
            + table(
                code, "numpy.f2py numpy.distutils numpy.testing torch.jit torch.utils torch._inductor torch._dynamo")
            + table(code, "torch.package torch.hub torch.fx sklearn.utils._testing dask ray pyspark")
            + table(
                network, "socket ssl socketserver asyncio aiohttp requests urllib urllib2 urllib3 http httplib ftplib")
            + table(network, "smtplib telnetlib poplib imaplib nntplib xmlrpc httpx boto3 sklearn.datasets")
            + table(
                files, "shutil tempfile glob io _io mmap fcntl linecache zipfile tarfile numpy.lib sqlite3 dbm shelve")
            + table(files, "logging bz2 gzip lzma nturl2path ntpath posixpath genericpath")
            + table(
                pickles,
                "pickle _pickle cPickle dill cloudpickle marshal jsonpickle torch.serialization torch.storage.load "
                    + "multiprocessing concurrent")
            + table(lookup, "operator _operator functools itertools _functools inspect gc weakref ctypes.util")
            + table(native, "ctypes _ctypes cffi numpy.ctypeslib signal resource _thread threading faulthandler"))

    private static let exact = dictionary(
        table(
            pickles,
            "joblib.load joblib.numpy_pickle.load numpy.load torch.load torch.storage._load_from_bytes "
                + "pandas.read_pickle sklearn.externals.joblib.load pandas.io.pickle.read_pickle"
        )
            + table(
                files,
                "numpy.fromfile numpy.loadtxt numpy.genfromtxt numpy.save numpy.savez numpy.savetxt "
                    + "numpy.memmap.tofile numpy.ndarray.tofile numpy.ndarray.dump numpy.DataSource")
            + table(native, "torch.ops.load_library torch.classes.load_library torch.load_library")
            + table(code, "numpy.vectorize numpy.apply_along_axis numpy.apply_over_axes numpy.fromfunction")
            + table(lookup, "numpy.frompyfunc numpy.piecewise"))

    /// Functions that other modules are known to hold.
    private static let anywhere = dictionary(
        table(
            shell,
            "system popen Popen check_output check_call getoutput getstatusoutput spawn call_command os subprocess")
            + table(code, "eval exec execfile __import__ import_module runstring exec_command rundocs exec_module")
            + table(lookup, "getattr attrgetter itemgetter methodcaller resolve_name __getattribute__ __globals__")
            + table(lookup, "__builtins__ __subclasses__ __class__ __dict__ __reduce__ __mro__ __bases__"))
}
