package dev.cambium.segment.disk;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Gives ranges of the files of one directory back to the file system, by {@code fallocate} of Linux, from JDK 22 on. Elsewhere, and where the file
 * system has no such call, it does nothing and says so.
 *
 * <p>Cost: four system calls and what the file system does, about 2.5 ms on ext4. Safe for any thread.
 */
final class HolePunch {
    /*
     * The JDK has no call for this; java.lang.foreign is there from 22 on, and this is compiled for 17: so it is reached by reflection,
     * once, in `Calls`. The channel does not show its descriptor, so the file is opened anew by its name.
     *
     * The JVM prints a warning where a module that was not given native access links its first function, from 24 on for JNI as well: then
     * LZ4 has caused that warning by the time pages are dead, and who is in the same (unnamed) module has access and causes none. So
     * nothing is linked as long as the module has no access; that may change, and is asked again.
     */
    private static final int LEAST_FEATURE = 22;

    /** Whose system calls have the numbers and layouts below. */
    private static final Set<String> ARCHITECTURES = Set.of("amd64", "x86_64", "aarch64");

    private static final int O_RDWR = 2;
    private static final int O_CLOEXEC = 0x8_0000;
    private static final int FALLOC_FL_KEEP_SIZE = 1;
    private static final int FALLOC_FL_PUNCH_HOLE = 2;

    private static final int EINTR = 4;
    private static final int ENOSYS = 38;
    private static final int EOPNOTSUPP = 95;
    private static final Map<Integer, String> ERRORS = Map.ofEntries(
            Map.entry(1, "EPERM"),
            Map.entry(2, "ENOENT"),
            Map.entry(EINTR, "EINTR"),
            Map.entry(5, "EIO"),
            Map.entry(9, "EBADF"),
            Map.entry(13, "EACCES"),
            Map.entry(16, "EBUSY"),
            Map.entry(22, "EINVAL"),
            Map.entry(24, "EMFILE"),
            Map.entry(26, "ETXTBSY"),
            Map.entry(28, "ENOSPC"),
            Map.entry(30, "EROFS"),
            Map.entry(ENOSYS, "ENOSYS"),
            Map.entry(EOPNOTSUPP, "EOPNOTSUPP"),
            Map.entry(122, "EDQUOT"));

    private volatile boolean isRefused; // by the file system, which was asked

    /** Whether a call may give something back. */
    boolean isPossible() {
        return !isRefused && Calls.get() != null;
    }

    /**
     * Gives a range back; false where that cannot be done here.
     *
     * @throws IOException with the system's error, where it should have been possible
     */
    boolean punch(Path path, long offset, long length) throws IOException {
        Calls calls = isPossible() ? Calls.get() : null;
        ByteBuffer name = calls == null ? null : encode(path);
        if (name == null) {
            return false;
        }
        int file = calls.open(name, O_RDWR | O_CLOEXEC);
        if (file < 0) {
            throw new IOException("open: " + describe(-file));
        }
        try {
            if (hasOtherNames(path)) {
                return false;
            }
            int error;
            do {
                error = calls.fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
            } while (error == EINTR);
            if (error == EOPNOTSUPP || error == ENOSYS) {
                isRefused = true;
                return false;
            }
            if (error != 0) {
                throw new IOException("fallocate: " + describe(error));
            }
            return true;
        } finally {
            calls.close(file);
        }
    }

    /** Whether a file has more than one name: then another store, or a copy of this one, sees its bytes too. */
    static boolean hasOtherNames(Path path) throws IOException {
        return (int) Files.getAttribute(path, "unix:nlink") > 1;
    }

    /** The name as the system has it, with a zero behind it; null where it cannot be written so. */
    private static ByteBuffer encode(Path path) {
        if (path.getFileSystem() != FileSystems.getDefault()) {
            return null;
        }
        CharsetEncoder encoder =
                Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8")).newEncoder();
        String name = path.toAbsolutePath().toString();
        if (!encoder.canEncode(name)) {
            return null;
        }
        byte[] bytes = name.getBytes(encoder.charset());
        return ByteBuffer.allocateDirect(bytes.length + 1).put(0, bytes);
    }

    private static String describe(int error) {
        String known = ERRORS.get(error);
        return known == null ? "error " + error : known + " (" + error + ")";
    }

    /** The functions of the C library. */
    private static final class Calls {
        private static final int STATE_BYTES = 64; // more than errno takes

        private static volatile Calls linked;
        private static volatile boolean cannotBeLinked;

        private final MethodHandle open;
        private final MethodHandle fallocate;
        private final MethodHandle close;
        private final Method segmentOf;

        private Calls(MethodHandle open, MethodHandle fallocate, MethodHandle close, Method segmentOf) {
            this.open = open;
            this.fallocate = fallocate;
            this.close = close;
            this.segmentOf = segmentOf;
        }

        /** The functions, or null where there are none, or not yet. */
        static Calls get() {
            Calls known = linked;
            return known != null || cannotBeLinked ? known : link();
        }

        private static synchronized Calls link() {
            if (linked != null || cannotBeLinked) {
                return linked;
            }
            boolean isKnown = Runtime.version().feature() >= LEAST_FEATURE
                    && System.getProperty("os.name").equals("Linux")
                    && ARCHITECTURES.contains(System.getProperty("os.arch"));
            try {
                if (!isKnown) {
                    cannotBeLinked = true;
                } else if ((boolean)
                        Module.class.getMethod("isNativeAccessEnabled").invoke(HolePunch.class.getModule())) {
                    linked = resolve();
                    cannotBeLinked = linked == null;
                }
            } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
                cannotBeLinked = true; // another JDK than those that this was written for
                System.getLogger("dev.cambium").log(System.Logger.Level.DEBUG, "holes cannot be punched here", e);
            }
            return linked;
        }

        private static Calls resolve() throws ReflectiveOperationException {
            Class<?> linkers = Class.forName("java.lang.foreign.Linker");
            Class<?> options = Class.forName("java.lang.foreign.Linker$Option");
            Class<?> lookups = Class.forName("java.lang.foreign.SymbolLookup");
            Class<?> layouts = Class.forName("java.lang.foreign.MemoryLayout");
            Class<?> values = Class.forName("java.lang.foreign.ValueLayout");
            Class<?> functions = Class.forName("java.lang.foreign.FunctionDescriptor");
            Class<?> segments = Class.forName("java.lang.foreign.MemorySegment");
            Object ofInt = values.getField("JAVA_INT").get(null);
            Object ofLong = values.getField("JAVA_LONG").get(null);
            Object ofAddress = values.getField("ADDRESS").get(null);
            Object linker = linkers.getMethod("nativeLinker").invoke(null);
            Object lookup = linkers.getMethod("defaultLookup").invoke(linker);
            Object capture =
                    options.getMethod("captureCallState", String[].class).invoke(null, (Object) new String[] {"errno"});
            Method find = lookups.getMethod("find", String.class);
            Method describe = functions.getMethod("of", layouts, layouts.arrayType());
            Method downcall = linkers.getMethod("downcallHandle", segments, functions, options.arrayType());
            Object[][] wanted = {
                {"open", ofAddress, ofInt}, {"fallocate", ofInt, ofInt, ofLong, ofLong}, {"close", ofInt},
            };
            MethodHandle[] handles = new MethodHandle[wanted.length];
            for (int i = 0; i < wanted.length; i++) {
                Optional<?> symbol = (Optional<?>) find.invoke(lookup, wanted[i][0]);
                if (symbol.isEmpty()) {
                    return null;
                }
                Object arguments = Array.newInstance(layouts, wanted[i].length - 1);
                for (int at = 1; at < wanted[i].length; at++) {
                    Array.set(arguments, at - 1, wanted[i][at]);
                }
                Object capturing = Array.newInstance(options, 1);
                Array.set(capturing, 0, capture);
                Object function = describe.invoke(null, ofInt, arguments);
                handles[i] = (MethodHandle) downcall.invoke(linker, symbol.get(), function, capturing);
            }
            return new Calls(handles[0], handles[1], handles[2], segments.getMethod("ofBuffer", Buffer.class));
        }

        /** A descriptor, or the error, negative. */
        int open(ByteBuffer name, int flags) {
            ByteBuffer state = newState();
            int file = (int) call(open, segment(state), segment(name), flags);
            return file >= 0 ? file : -error(state);
        }

        /** 0, or the error. */
        int fallocate(int file, int mode, long offset, long length) {
            ByteBuffer state = newState();
            int result = (int) call(fallocate, segment(state), file, mode, offset, length);
            return result == 0 ? 0 : error(state);
        }

        void close(int file) {
            call(
                    close,
                    segment(newState()),
                    file); // what was punched is forced through another descriptor, or not at all
        }

        private static ByteBuffer newState() {
            return ByteBuffer.allocateDirect(STATE_BYTES).order(ByteOrder.nativeOrder());
        }

        private static int error(ByteBuffer state) {
            return state.getInt(0);
        }

        private Object segment(ByteBuffer buffer) {
            try {
                return segmentOf.invoke(null, buffer);
            } catch (IllegalAccessException | InvocationTargetException e) {
                throw new IllegalStateException(e);
            }
        }

        private static Object call(MethodHandle function, Object... arguments) {
            try {
                return function.invokeWithArguments(arguments);
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e); // a function of C throws nothing
            }
        }
    }
}
