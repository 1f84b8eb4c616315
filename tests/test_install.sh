#!/bin/sh
# test_install.sh - what README says of installing, as it is typed: make install into a new folder,
# README's lines with README's program in C and in C++; then other ways to say where things go.
# Run in the build folder, on what is built.
set -eu
top=$(cd "${srcdir:-.}" && pwd)
make=${MAKE:-make} pkg_config=${PKG_CONFIG:-pkg-config}
readme=$top/README.md
if ! command -v "$pkg_config" >/dev/null; then
    echo "pkg-config is missing: installing is not tested"
    exit 77
fi

# libtool installs into no folder with a space in its name, so not below the build folder.
# shellcheck source=tests/support/scratch.sh
. "$(dirname "$0")/support/scratch.sh"
build=$(pwd)
mkdir -p "$scratch/bin" "$scratch/home"

# A machine where nothing is set up: no folders of libraries but the system's, and README's cc, c++
# and pkg-config are the ones of this build, with its flags.
unset LD_LIBRARY_PATH DYLD_LIBRARY_PATH LD_RUN_PATH LIBRARY_PATH CPATH C_INCLUDE_PATH \
    PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_LIBDIR DESTDIR prefix 2>/dev/null || true
tool() { # NAME COMMAND, which may have the same name
    printf '#!/bin/sh\nPATH="%s"\nexec %s "$@"\n' "$PATH" "$2" >"$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}
strict='-Wall -Wextra -Wpedantic -Wshadow -Werror'
tool cc "${CC:-cc} ${COMPILE_FLAGS-} $strict"
tool pkg-config "$(command -v "$pkg_config")"

# installs WHERE...: make install with these variables; what it says goes to $scratch/said.
installs() {
    $make --no-print-directory install "$@" >"$scratch/said" 2>&1 || {
        cat "$scratch/said"
        fail "make install $* failed"
    }
}
# value FILE NAME: a variable of a .pc file, with ${prefix} replaced.
value() { PKG_CONFIG_PATH=$(dirname "$1") "$pkg_config" --variable="$2" tapegrad; }
expect() { test "$2" = "$3" || fail "$1: '$2' in the place of '$3'"; }

# ---- README, line by line
line() { # BEGINNING: the one line of README that is typed and begins so
    found=$(sed -n "s|^    \($1.*\)|\1|p" "$readme")
    test "$(printf '%s\n' "$found" | grep -c .)" = 1 || fail "README has not one line '$1...'"
    printf '%s\n' "$found"
}
export_line=$(line 'export PKG_CONFIG_PATH=')
prefix=$(line './bootstrap --install-deps --prefix=' | sed 's/.*--prefix=\([^ ]*\).*/\1/')
expect "README's prefix" "$prefix" "\$HOME/tapegrad"
cd "$scratch/home"
sed -n '/^```c$/,/^}$/p' "$readme" | sed '1d; /^}$/q' >hello.c
sed 1d "$top/examples/hello.c" | diff - hello.c ||
    fail "README's program is not examples/hello.c below its first line"
sed -n 's/^    \(x = \)/\1/p' "$readme" >says
grep '^x = ' "$top/tests/golden/hello.golden" | diff - says ||
    fail "README's numbers are not those of tests/golden/hello.golden"
cd "$build"
installs prefix="$scratch/home/tapegrad"

typed() { # LINE: in a new shell in that home, as after README's export
    (
        cd "$scratch/home"
        HOME=$scratch/home PATH=$scratch/bin:$PATH
        export HOME PATH
        sh -euc "$export_line
$1"
    ) >"$scratch/out" 2>&1 || {
        cat "$scratch/out"
        fail "README's line fails: $1"
    }
}
typed "$(line 'cc hello.c ') && ./hello"
grep -q '^x = 0\.739' "$scratch/out" || { cat "$scratch/out"; fail "README's program"; }

# examples/first.c and the programs in tests/jobs, which a newcomer wrote with the headers alone: in
# the oldest and in newer standards of the languages.
jobs() { # COMMAND NAME
    for job in "$top"/examples/first.c "$top"/tests/jobs/*.c; do
        cp "$job" "$scratch/home/job.c"
        typed "$1 -Wconversion job.c $(line 'cc hello.c ' | sed 's/.*hello\.c \(.*\) -o .*/\1/') \
            -o job && ./job"
    done
    echo "the jobs with $2"
}
jobs 'cc -std=c99' "${CC:-cc} -std=c99"

cxx=
seen=' '
for c in ${CXX:+"$CXX"} c++ g++ clang++; do
    case $seen in *" $c "*) continue ;; esac
    seen="$seen$c "
    command -v "${c%% *}" >/dev/null || continue
    cxx="$c ${COMPILE_FLAGS-} $strict"
    tool c++ "$cxx"
    for standard in c++98 c++20; do
        echo 'int main() { return 0; }' >"$scratch/probe.cc"
        # shellcheck disable=SC2086
        $cxx -std=$standard "$scratch/probe.cc" -o "$scratch/probe" 2>/dev/null || continue
        typed "$(line 'c++ -x c++ hello.c ' | sed "s/-x c++/& -std=$standard/") && ./hello"
        jobs "c++ -x c++ -std=$standard" "$c -std=$standard"
    done
done
test -n "$cxx" || echo "no C++ compiler found: README's program was tried as C only"

# ---- what make install says is what must be typed, too
grep -q "^    export PKG_CONFIG_PATH=$scratch/home/tapegrad/lib/pkgconfig\$" "$scratch/said" ||
    fail "make install does not say what PKG_CONFIG_PATH is"
said=$(sed -n 's/^    \(cc .*\)/\1/p' "$scratch/said")
test -n "$said" || fail "make install does not say how to compile"
typed "$said && ./hello"

# ---- other places
pc=$scratch/home/tapegrad/lib/pkgconfig/tapegrad.pc
expect "prefix" "$(value "$pc" prefix)" "$scratch/home/tapegrad"
expect "version" "$(PKG_CONFIG_PATH=$(dirname "$pc") "$pkg_config" --modversion tapegrad)" \
    "$(sed -n 's/^PACKAGE_VERSION = //p' Makefile)"
test "$(sed -n "s/^libdir='\(.*\)'/\1/p" "$scratch/home/tapegrad/lib/libtapegrad.la")" = \
    "$scratch/home/tapegrad/lib" || fail "libtapegrad.la names another folder"

$make uninstall prefix="$scratch/home/tapegrad" >/dev/null 2>&1 || fail "make uninstall"
left=$(find "$scratch/home/tapegrad" ! -type d)
test -z "$left" || fail "make uninstall leaves $left"

installs DESTDIR="$scratch/stage" prefix=/opt/tg libdir=/opt/tg/lib64 includedir=/usr/include/tg
pc=$scratch/stage/opt/tg/lib64/pkgconfig/tapegrad.pc
expect "libdir=" "$(value "$pc" libdir)" /opt/tg/lib64
expect "includedir=" "$(value "$pc" includedir)" /usr/include/tg
! grep -q "$scratch" "$pc" || fail "DESTDIR got into tapegrad.pc"
! grep -q 'PKG_CONFIG_PATH' "$scratch/said" || fail "make install DESTDIR= talks of programs"

# A tree that is moved after its installation; and a program with the library inside.
runs() { # NAME ARGUMENTS OF cc...
    name=$1
    shift
    "$scratch/bin/cc" "$scratch/home/hello.c" "$@" -o "$scratch/$name" || fail "$name: cc $*"
    "$scratch/$name" >/dev/null || fail "$name does not run"
}
installs DESTDIR="$scratch/stage" prefix=/opt/moved
mv "$scratch/stage/opt/moved" "$scratch/there"
if "$pkg_config" --define-prefix --version >/dev/null 2>&1; then
    PKG_CONFIG_PATH=$scratch/there/lib/pkgconfig
    export PKG_CONFIG_PATH
    # shellcheck disable=SC2046
    runs moved $("$pkg_config" --define-prefix --cflags --libs tapegrad) \
        -Wl,-rpath,"$scratch/there/lib"
fi
if test -f "$scratch/there/lib/libtapegrad.a"; then
    runs static -I"$scratch/there/include" "$scratch/there/lib/libtapegrad.a" -lm -pthread
fi
