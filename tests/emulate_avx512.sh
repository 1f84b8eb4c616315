#!/bin/bash
# emulate_avx512.sh TEST... - runs test programs on an emulated processor with AVX-512, for machines
# without one.  In the build folder:
#
#   tests/emulate_avx512.sh test_maps test_gemm
#
# Bochs boots a Linux kernel with the programs in its initial RAM disk; nothing is installed and no
# rights are needed.  It emulates some ten to forty million instructions a second, so a test takes
# a hundred to a thousand times as long as here.  On Debian it needs the packages
#
#   bochs bochsbios vgabios bochs-term busybox-static cpio isolinux syslinux-common xorriso
#
# KERNEL    the kernel to boot; by default linux-image-cloud-amd64 is downloaded and unpacked
# CPU       the processor, of the list that `bochs --help cpu` prints; corei7_skylake_x
# LIMIT     the most that one test may take, in units of fifty million instructions; 1000
# WORK      where everything is put; by default a folder that is removed
#
# TAPEGRAD_ISA and TAPEGRAD_NUM_THREADS are handed on; of TAPEGRAD_SHARED reference/ is copied, for
# test_traces.
#
# Every test gets a line: PASS or FAIL, its name, the instruction set that the library chose, the
# units it took, and its last line; a failed one also the rest of what it said.  Exit status 0: all
# passed.  test_vmath fails here in f64 log, log2, log1p, softplus and log_sigmoid, because it
# compares with the x87 logarithm, which in Bochs 2.7 is off by 2^-50 near sqrt(1/2).
set -eu
if test $# = 0 || ! test -f libtapegrad-core.la; then
    sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
src=$(sed -n 's/^srcdir = //p' Makefile)
cpu=${CPU:-corei7_skylake_x} limit=${LIMIT:-1000}
shared=$(realpath -m "${TAPEGRAD_SHARED:-$src/../shared}")
tests=("${@##*/}")
mapfile -t programs < <(for name in "${tests[@]}"; do
    (cd "$src" && find tests -name "$name.c" | sed "s/\.c$//")
done)
bochs='' remove=''
cleanup() {
    test -z "$bochs" || kill "$bochs" 2>/dev/null || true
    test -z "$remove" || rm -rf "$remove"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM
if test -n "${WORK-}"; then
    mkdir -p "$WORK"
    work=$(realpath "$WORK")
else
    work=$(mktemp -d "${TMPDIR:-/tmp}/tapegrad-emulate.XXXXXX")
    remove=$work
fi
root=$work/root iso=$work/iso
rm -rf "$root" "$iso" "$work/serial"
mkdir -p "$root"/{bin,dev,proc,tmp,tests,shared} "$iso"

# The programs, stripped, and one that says which kernels are used.
make -s "${programs[@]}"
for program in "${programs[@]}"; do
    ./libtool --mode=execute strip -o "$root/tests/${program##*/}" "$program"
done
cc -I"$src" -x c - -x none .libs/libtapegrad-core.a -lm -pthread -o "$root/tests/isa" <<'END'
#include <stdio.h>
#include "ops/kernels/kernels.h"
int main(void) { return puts(tgi_kernels_get()->isa) < 0; }
END
cp "$(command -v busybox)" "$root/bin/"
{ ldd "$root"/tests/* || true; } | grep -o '/[^ ]*\.so[^ ]*' | sort -u | while read -r library; do
    mkdir -p "$root${library%/*}"
    cp -L "$library" "$root$library"
done
if test -d "$shared/reference"; then cp -r "$shared/reference" "$root/shared/"; fi

# What runs in there.  Its output goes to the serial port, which Bochs writes to a file.
cat >"$root/init" <<END
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin TAPEGRAD_SHARED=/shared
export CK_FORK=no TG_TEST_QUICK=1 TAPEGRAD_NUM_THREADS=${TAPEGRAD_NUM_THREADS:-1}
mount -t proc proc /proc
mount -t devtmpfs dev /dev
grep -m1 'model name' /proc/cpuinfo
echo \$(grep -m1 flags /proc/cpuinfo | grep -o 'avx512[a-z0-9_]*')
seconds() { read -r s rest </proc/uptime; echo \${s%.*}; }
for cap in '' sse avx2 avx512; do echo "TAPEGRAD_ISA=\$cap: \$(TAPEGRAD_ISA=\$cap tests/isa)"; done
${TAPEGRAD_ISA+export TAPEGRAD_ISA=$TAPEGRAD_ISA}
isa=\$(tests/isa)
for name in ${tests[*]}; do
    start=\$(seconds) verdict=FAIL
    timeout $limit tests/\$name >/tmp/out 2>&1 && verdict=PASS
    echo "\$verdict \$name \$isa \$((\$(seconds) - start)) \$(tail -n 1 /tmp/out)"
    test \$verdict = PASS || cat /tmp/out
done
echo END
poweroff -f
END
chmod +x "$root/init"

# A compact disc that boots it.  The size that Bochs 2.7 reports for the compacted XSAVE area is
# wrong, whereupon Linux would turn all of AVX off; and its TSC is slower than the processor says.
flags='noxsaves clearcpuid=xsavec clocksource=hpet vt.global_cursor_default=0'
if test -z "${KERNEL-}"; then
    (
        cd "$work"
        package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/ *Depends: //p')
        test -f ./"$package"_*.deb || apt-get download "$package"
        dpkg-deb -x ./"$package"_*.deb kernel
    )
    KERNEL=$(echo "$work"/kernel/boot/vmlinuz-*)
fi
cp "$KERNEL" "$iso/vmlinuz"
cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$iso/"
(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) | gzip >"$iso/initrd"
cat >"$iso/isolinux.cfg" <<END
default linux
label linux
    kernel /vmlinuz
    append initrd=/initrd console=ttyS0,115200 loglevel=1 mitigations=off $flags
END
xorriso -as mkisofs -quiet -o "$work/disc.iso" -b isolinux.bin -c boot.cat -no-emul-boot \
    -boot-load-size 4 -boot-info-table "$iso" 2>"$work/xorriso.log"

# Debian's Bochs waits for a command of its debugger: c, continue.  It draws the screen on a terminal
# that nobody reads, so nothing may blink there for long.  It ends with an error also where the
# machine was switched off, so END tells.
cat >"$work/bochsrc" <<END
config_interface: textconfig
display_library: term
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.bin
cpu: model=$cpu, ips=50000000
memory: guest=1024, host=1024
ata0-master: type=cdrom, path="$work/disc.iso", status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev="$work/serial"
log: "$work/bochs.log"
panic: action=fatal
END
touch "$work/serial"
echo c | TERM=xterm bochs -q -f "$work/bochsrc" >"$work/screen" 2>&1 &
bochs=$!
tail -n +1 -f --pid="$bochs" "$work/serial"
bochs=''
grep -q '^END' "$work/serial" && ! grep -q '^FAIL' "$work/serial"
