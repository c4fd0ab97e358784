"""farboot imgtool and farboot hex against imgtool 2.4 and the IntelHex module.

usage: imgtool_test.py FARBOOT [SEED]

Both tools get the same inputs and options, drawn at random from the lists below. ECDSA signatures differ from run to
run, so one tool's signature is handed to the other (--sig-out, --fix-sig); then the outputs must be equal byte for byte.
Exits with 77 when imgtool is not installed in build/venv.
"""
import contextlib
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV_PYTHON = ROOT / "build/venv/bin/python"

if not VENV_PYTHON.exists():
    print("skipped: no build/venv (scripts/setup --check makes it)")
    sys.exit(77)
if pathlib.Path(sys.prefix).resolve() != (ROOT / "build/venv").resolve():
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), __file__, *sys.argv[1:]])

try:
    import click
    from imgtool import main as imgtool_main
    from intelhex import IntelHex
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

FARBOOT = sys.argv[1]
SEED = int(sys.argv[2], 0) if len(sys.argv) > 2 else 20240
COMBINATIONS = 150
MUTATIONS = 250


def farboot(*words):
    """Runs the command; returns exit status, standard output and standard error."""
    done = subprocess.run([FARBOOT, *map(str, words)], capture_output=True, timeout=60)
    assert done.returncode in (0, 1, 2), f"farboot {words}: exit status {done.returncode}: {done.stderr}"
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def ours(*words):
    status, out, err = farboot("imgtool", *words)
    assert status == 0, f"farboot imgtool {' '.join(map(str, words))}: {err}"
    return out


def theirs(*words):
    """imgtool in this process: starting it anew takes most of a second. Returns exit status and standard output."""
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            imgtool_main.imgtool.main(args=[str(w) for w in words], prog_name="imgtool", standalone_mode=False)
    except click.ClickException:
        return 2, out.getvalue()
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def theirs_ok(*words):
    status, out = theirs(*words)
    assert status == 0, f"imgtool {' '.join(map(str, words))}: {out}"
    return out


def raw(path):
    return IntelHex(str(path)).tobinstr() if path.suffix == ".hex" else path.read_bytes()


def without_first_line(text):
    return text.split("\n", 1)[1]


def check_keys(work):
    """Keys made by one tool are used by the other, and every printed form is the same."""
    ours("keygen", "-k", work / "ours.pem", "-t", "ecdsa-p256")
    assert (work / "ours.pem").stat().st_mode & 0o077 == 0, "a private key that others can read"
    theirs_ok("keygen", "-k", work / "theirs.pem", "-t", "ecdsa-p256")
    for name in ("ours", "theirs"):
        key = work / f"{name}.pem"
        for command, encodings in (("getpub", ("lang-c", "lang-rust", "pem", "raw")), ("getpubhash", ("lang-c", "raw"))):
            for encoding in encodings:
                a, b = work / "a.out", work / "b.out"
                ours(command, "-k", key, "-e", encoding, "-o", a)
                theirs_ok(command, "-k", key, "-e", encoding, "-o", b)
                left, right = a.read_bytes(), b.read_bytes()
                if encoding.startswith("lang"):  # the first line says which tool it was
                    left, right = left.split(b"\n", 1)[1], right.split(b"\n", 1)[1]
                assert left == right, f"{command} {encoding} of {name}"
        assert without_first_line(ours("getpub", "-k", key)) == without_first_line(theirs_ok("getpub", "-k", key))
        ours("getpub", "-k", key, "-e", "pem", "-o", work / f"{name}.pub.pem")
        assert ours("getpub", "-k", work / f"{name}.pub.pem") == ours("getpub", "-k", key)


def make_inputs(work, rng):
    """Applications as a build leaves them: raw, HEX, HEX with a gap, and both with room for a header of 0x200 bytes."""
    (work / "app.bin").write_bytes(rng.randbytes(3001))
    (work / "room.bin").write_bytes(bytes(0x200) + rng.randbytes(1234))
    for name, base, parts in (("app", 0xC200, [(0, 2500)]), ("gap", 0xFF00, [(0, 700), (900, 333)]),
                              ("low", 0x400, [(0, 999)])):
        image = IntelHex()
        for offset, size in parts:
            image.puts(base + offset, rng.randbytes(size))
        image.tofile(str(work / f"{name}.hex"), "hex")
    image = IntelHex()
    image.puts(0x20000, (work / "room.bin").read_bytes())
    image.tofile(str(work / "room.hex"), "hex")


def draw_options(work, rng):
    """One command line for sign, without key and files."""
    source = rng.choice(["app.bin", "room.bin", "app.hex", "gap.hex", "low.hex", "room.hex"])
    options = ["-S", rng.choice(["0x8000", "65536"]), "-v", rng.choice(["0", "1.2", "1.2.3", "255.255.65535+4294967295"])]
    if source.startswith("room"):
        options += ["-H", "0x200"]
    else:
        options += ["--pad-header", "-H", rng.choice(["32", "0x200", "0x80"])]
    options += rng.choice([[], ["--align", rng.choice(["1", "2", "4", "8", "16", "32"])]])
    options += rng.choice([[], [], ["--max-align", rng.choice(["8", "16", "32"])]])
    options += rng.choice([[], ["--pad"], ["--test"], ["--confirm"], ["--confirm", "--test"]])
    options += rng.choice([[], [], ["--overwrite-only"]])
    options += rng.choice([[], [], ["-M", rng.choice(["1", "33", "200"])]])
    options += rng.choice([[], [], ["-R", rng.choice(["0", "0xff"])]])
    options += rng.choice([[], ["-s", rng.choice(["0", "7", "0xffffffff", "auto"])]])
    options += rng.choice([[], [], ["-d", rng.choice(["(1, 1.2.3+4)", "(0,1),(2, 3.4.5)"])]])
    options += rng.choice([[], [], ["--boot-record", rng.choice(["a", "twelve chars"])]])
    options += rng.choice([[], [], ["--custom-tlv", "0xa0", "text", "--custom-tlv", "0x1234", "0x00ff10"]])
    options += rng.choice([[], [], ["--custom-tlv-file", "0xb0", work / "ours.pem"]])
    options += rng.choice([[], [], ["--public-key-format", "full"], ["--public-key-format", "hash"]])
    options += rng.choice([[], [], ["-L", "0x20000000"], ["-F", "0xc000"], ["--non-bootable"]])
    target = rng.choice(["bin", "hex"])
    if target == "hex" and (source.endswith(".bin") or rng.random() < 0.3):
        options += ["-x", rng.choice(["0x12340000", "0", "0xfff0"])]
    return source, target, options


def check_same_image(work, rng):
    source, target, options = draw_options(work, rng)
    infile, a, b, sig = work / source, work / f"a.{target}", work / f"b.{target}", work / "sig"
    maker = rng.choice(["ours", "theirs"])
    key, public = work / f"{maker}.pem", work / f"{maker}.pub.pem"
    what = f"{source} -> {target}: {' '.join(map(str, options))}"
    kind = rng.choice(["unsigned", "ours first", "ours first", "theirs first"])
    pad_sig = rng.choice([[], ["--pad-sig"]])
    fixed = ["--fix-sig", sig, "--fix-sig-pubkey", public]

    if kind == "unsigned":
        options += rng.choice([[], ["--sha", rng.choice(["auto", "256", "384", "512"])]])
        ours("sign", *options, infile, a)
        theirs_ok("sign", *options, infile, b)
    elif kind == "ours first":
        ours("sign", "-k", key, *pad_sig, "--sig-out", sig, *options, infile, a)
        theirs_ok("sign", *fixed, *options, infile, b)
    else:
        theirs_ok("sign", "-k", key, *pad_sig, "--sig-out", sig, *options, infile, b)
        ours("create", *fixed, *options, infile, a)
    assert a.read_bytes() == b.read_bytes(), f"{kind}: {what}"

    if kind != "unsigned":
        report = ours("verify", "-k", public, a)
        assert report == theirs_ok("verify", "-k", key, a), what
        status, _, err = farboot("imgtool", "verify", "-k", work / ("theirs.pem" if maker == "ours" else "ours.pem"), a)
        assert status == 1 and "No signature found" in err, what
    dumped = json.loads(ours("dumpinfo", "--json", a))
    expected = io.StringIO(theirs_ok("dumpinfo", "-f", "json", a))
    text = expected.getvalue()
    assert dumped == json.loads(text[text.index("{"):]), what
    assert len(ours("dumpinfo", a).splitlines()) > 10


def check_vector(work):
    """What is to be signed elsewhere is the same, and a signature made elsewhere fits."""
    options = ["-v", "1.0.0", "-H", "0x200", "--pad-header", "-S", "0x8000", "-s", "9", work / "app.bin"]
    for vector in ("payload", "digest"):
        a, b = work / "a.vec", work / "b.vec"
        ours("sign", "--vector-to-sign", vector, *options, a)
        theirs_ok("sign", "--vector-to-sign", vector, *options, b)
        assert a.read_bytes() == b.read_bytes(), vector


def check_verdicts(work, rng):
    """Whatever we accept, imgtool accepts; and neither accepts a change of what is signed."""
    ours("sign", "-k", work / "ours.pem", "-v", "1.0.0", "-H", "32", "--pad-header", "-S", "0x8000", "-s", "9",
         "--confirm", work / "app.bin", work / "good.bin")
    good = (work / "good.bin").read_bytes()
    signed_end = 32 + 3001 + 12
    accepted = 0
    for _ in range(MUTATIONS):
        bad = bytearray(good)
        at = rng.choice([rng.randrange(64), rng.randrange(32 + 3001, len(bad)), rng.randrange(len(bad))])
        bad[at] ^= 1 << rng.randrange(8)
        (work / "bad.bin").write_bytes(bad)
        status, _, err = farboot("imgtool", "verify", "-k", work / "ours.pem", work / "bad.bin")
        assert status == 1 or at >= signed_end, f"a change at {at} was accepted"
        assert status == 0 or err.count("\n") == 1, err
        if status == 0:
            accepted += 1
            theirs_ok("verify", "-k", work / "ours.pem", work / "bad.bin")
    assert accepted > 0, "no mutation of the padding was accepted"
    return accepted


def check_refusals(work):
    """Command lines that imgtool refuses, we refuse too, in one line; and those that only we refuse."""
    base = ["-v", "1.0.0", "-H", "0x200", "-S", "0x8000"]
    both = [
        [*base, work / "app.bin"],  # no room for the header
        ["-v", "1.x", *base[2:], "--pad-header", work / "app.bin"],
        ["-v", "1.0.0", "-H", "31", "-S", "0x8000", "--pad-header", work / "app.bin"],
        ["-v", "1.0.0", "-H", "0x200", "-S", "0x1000", "--pad-header", "--align", "4", work / "app.bin"],
        [*base, "--pad-header", "--align", "3", work / "app.bin"],
        [*base, "--pad-header", "--custom-tlv", "0x50", "1", work / "app.bin"],
        [*base, "--pad-header", "--custom-tlv", "0xa0", "0x123", work / "app.bin"],
        [*base, "--pad-header", "--custom-tlv", "0xa0", "1", "--custom-tlv", "0xa0", "2", work / "app.bin"],
        [*base, "--pad-header", "-d", "1,2.0", work / "app.bin"],
        [*base, "--pad-header", "-L", "0x1000", "-F", "0x1000", work / "app.bin"],
        [*base, "--pad-header", "--boot-record", "thirteenchars", work / "app.bin"],
        [*base, "--pad-header", "-k", work / "ours.pem", "--sha", "384", work / "app.bin"],
        [*base, "--pad-header", work / "missing.bin"],
    ]
    only_ours = [
        [*base, "--pad-header", "--max-image-size", "0xdd8", work / "app.bin"],
        ["-v", "1.0.0", "-H", "0x800", "-S", "0x8000", "--pad-header", work / "low.hex"],  # header below address 0
        ["-v", "256.0.0", *base[2:], "--pad-header", work / "app.bin"],
    ]
    for line in both + only_ours:
        out = work / ("x.hex" if str(line[-1]).endswith(".hex") else "x.bin")
        status, _, err = farboot("imgtool", "sign", *line, out)
        assert status in (1, 2) and err.count("\n") == 1, f"{line}: {status} {err}"
        assert not out.exists(), f"{line} left an output"
    for line in both:
        try:
            assert theirs("sign", *line, work / "y.bin")[0] != 0, f"imgtool accepts {line}"
        except (OSError, ValueError):
            pass  # a traceback is a refusal
    assert farboot("imgtool", "sign", *base, "--pad-header", work / "app.bin", work / "no/such/dir.bin")[0] == 1
    ours("sign", *base, "--pad-header", "--max-image-size", "0xde1", work / "app.bin", work / "fits.bin")
    assert len((work / "fits.bin").read_bytes()) == 0xDE1


def check_hex(work, rng):
    """farboot hex merge against IntelHex.merge, and there and back to raw bytes."""
    for _ in range(20):
        expected = IntelHex()
        words = []
        for part in range(rng.randrange(1, 5)):
            data = rng.randbytes(rng.randrange(1, 4000))
            address = rng.choice([0, 0x8000, 0xFFF1, 0x12345678]) + rng.randrange(0x3000)
            if part % 2 == 0:
                one = IntelHex()
                one.puts(address, data)
                path = work / f"part{part}.hex"
                one.write_hex_file(str(path), byte_count=rng.choice([8, 16, 32, 255]))
                path.write_bytes(path.read_bytes().replace(b"\n", rng.choice([b"\n", b"\r\n"])))
                words.append(path)
            else:
                (work / f"part{part}.bin").write_bytes(data)
                words.append(f"{work}/part{part}.bin:{address:#x}")
            expected.puts(address, data)
        status, _, err = farboot("hex", "merge", "--overlap", "replace", "-o", work / "merged.hex", *words)
        assert status == 0, err
        expected.tofile(str(work / "expected.hex"), "hex")
        assert (work / "merged.hex").read_bytes() == (work / "expected.hex").read_bytes()
    (work / "x.bin").write_bytes(b"12345678")
    (work / "y.bin").write_bytes(b"abc")
    assert farboot("hex", "merge", "-o", work / "out.hex", f"{work}/x.bin:0x10", f"{work}/y.bin:0x17")[0] == 1
    assert not (work / "out.hex").exists()
    assert farboot("hex", "merge", "-o", work / "out.bin", f"{work}/x.bin:0x10", f"{work}/y.bin:0x1a")[0] == 0
    assert (work / "out.bin").read_bytes() == b"12345678\xff\xffabc"


def main():
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        make_inputs(work, rng)
        check_keys(work)
        for number in range(COMBINATIONS):
            check_same_image(work, rng)
        check_vector(work)
        accepted = check_verdicts(work, rng)
        check_refusals(work)
        check_hex(work, rng)
    print(f"seed {SEED}: {COMBINATIONS} combinations equal byte for byte; {MUTATIONS} mutations judged, "
          f"{accepted} outside of what is signed accepted")


if __name__ == "__main__":
    main()
